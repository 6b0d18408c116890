"""The port to the trail as it is read."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from muniment.api.audit_reads.answers import AuditEntry
from muniment.api.pages import Page
from muniment.projections.audit.queries import AuditFilter


class AuditReads(Protocol):
    """Raises `StepFailure(database_unavailable)`, and `ValueError` for a cursor that is none of the listing's."""

    async def entries(
        self, tenants: Sequence[str], wanted: AuditFilter, *, limit: int, cursor: str | None
    ) -> Page[AuditEntry]:
        """A page of the trail of these tenants, newest first."""
        ...

    def every_entry(self, tenants: Sequence[str], wanted: AuditFilter) -> AsyncIterator[AuditEntry]:
        """All of it that is wanted, newest first."""
        ...
