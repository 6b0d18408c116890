"""The dead letters that a command names or selects, from the read model."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from muniment.producers.postgres import database
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.operating.decider import MOST_LETTERS
from muniment.stream_apps.operating.selection import Selection
from muniment.stream_apps.operating.state import Letter

_COLUMNS = "letter, tenant, step, fingerprint, document_id, job_id, failed_at, redrive_times, branch"
_NAMED = f"select {_COLUMNS} from read.dead_letters where tenant = any($1) and letter = any($2)"  # noqa: S608
_SELECTED = f"""
select {_COLUMNS} from read.dead_letters where tenant = any($1) and status = any($2)
    and ($3::text is null or step = $3) and ($4::text is null or code = $4) and ($5::text is null or category = $5)
    and ($6::text is null or fingerprint = $6) and ($7::uuid is null or document_id = $7)
    and ($8::uuid is null or job_id = $8) and ($9::timestamptz is null or failed_at >= $9)
    and ($10::timestamptz is null or failed_at < $10)
order by failed_at, letter limit $11"""  # noqa: S608 - the columns are of this module
OPEN = ("waiting", "edited", "quarantined")
"""What the read model calls letters that something may still be done with."""


class Letters(Protocol):
    """The port to dead letters. A letter whose record names no tenant is every operator's: somebody has to mend it."""

    async def named(self, tenant: str, letters: Sequence[str]) -> list[Letter]:
        """Those of these letters that the tenant has."""
        ...

    async def selected(self, tenant: str, selection: Selection, *, force: bool) -> list[Letter]:
        """The tenant's letters that something may still be done with; quarantined ones with `force` only."""
        ...


class ReadModelLetters:
    """See `Letters`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def named(self, tenant: str, letters: Sequence[str]) -> list[Letter]:
        """See `Letters.named`."""
        return await self._fetch(_NAMED, [tenant, ""], list(letters))

    async def selected(self, tenant: str, selection: Selection, *, force: bool) -> list[Letter]:
        """See `Letters.selected`."""
        one = selection
        statuses = [name for name in OPEN if (force or name != "quarantined") and one.status in {None, name}]
        parts: tuple[str | UUID | None, ...] = (one.step, one.code, one.category, one.fingerprint)
        found: Sequence[Any] = (*parts, one.document_id, one.job_id, one.since, one.until)
        return await self._fetch(_SELECTED, [tenant, ""], statuses, *found, MOST_LETTERS + 1)

    async def _fetch(self, query: str, *arguments: Any) -> list[Letter]:
        async with database():
            try:
                rows = await self._pool.fetch(query, *arguments)
            except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedColumnError):
                # The projections make it when they start for the first time, or for the first time anew.
                detail = "the read model of dead letters is not there yet"
                raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, detail) from None
        return [Letter(*row) for row in rows]
