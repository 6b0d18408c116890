"""The trail as it is read on Postgres."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from muniment.api.audit_reads.answers import AuditEntry, audit_answer
from muniment.api.pages import Page
from muniment.api.reading import page_of, reading
from muniment.projections.audit import queries
from muniment.projections.audit.queries import AuditFilter


class PostgresAuditReads:
    """See `AuditReads`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def entries(
        self, tenants: Sequence[str], wanted: AuditFilter, *, limit: int, cursor: str | None
    ) -> Page[AuditEntry]:
        """See `AuditReads.entries`."""
        async with reading():
            page = await queries.entries(self._pool, tenants, wanted, limit=limit, cursor=cursor)
        return page_of(page, audit_answer)

    async def every_entry(self, tenants: Sequence[str], wanted: AuditFilter) -> AsyncIterator[AuditEntry]:
        """See `AuditReads.every_entry`."""
        async with reading():
            async for entry in queries.every_entry(self._pool, tenants, wanted):
                yield audit_answer(entry)
