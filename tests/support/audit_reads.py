"""A trail in memory, for the API's unit tests: whose entries are asked for is all that it heeds."""

from collections.abc import AsyncIterator, Sequence

from muniment.api.audit_reads.answers import AuditEntry
from muniment.api.audit_reads.examples import ENTRY
from muniment.api.pages import Page
from muniment.projections.audit.queries import AuditFilter


class OneEntry:
    """An `AuditReads` of one entry, of the tenant `acme`."""

    def __init__(self) -> None:
        self._entry = AuditEntry.model_validate({**ENTRY, "tenant": "acme"})

    async def entries(
        self, tenants: Sequence[str], wanted: AuditFilter, *, limit: int, cursor: str | None
    ) -> Page[AuditEntry]:
        """The entry, for its tenant."""
        del wanted, limit, cursor
        return Page([self._entry] if self._entry.tenant in tenants else [], None)

    async def every_entry(self, tenants: Sequence[str], wanted: AuditFilter) -> AsyncIterator[AuditEntry]:
        """The entry, for its tenant."""
        for entry in (await self.entries(tenants, wanted, limit=1, cursor=None)).items:
            yield entry
