"""Drafts and scripts as they are read on Postgres."""

from typing import Any
from uuid import UUID

from muniment.api.pages import Page
from muniment.api.reading import page_of, reading
from muniment.api.script_reads import answers as told
from muniment.api.script_reads import rows
from muniment.projections.scripts import queries
from muniment.projections.scripts.queries import DraftRow, VersionRow
from muniment.projections.validity import Moment

# What deciders know of a draft: see `stream_apps.projects.stored`. One that they do not know, they do not wait for.
_AWAITED = """
select coalesce(state -> 'drafts' -> ($3::text) ->> 2 = any ('{REQUESTED,PROMPTED}'), false)
from muniment_projects.state where tenant = $1 and project_id = $2"""


class PostgresScripts:
    """See `ScriptReads`. `at` is the moment that they are read as of, `None` for now."""

    def __init__(self, pool: Any, at: Moment | None = None) -> None:
        self._pool = pool
        self._at = at

    def as_of(self, moment: Moment) -> "PostgresScripts":
        """See `ScriptReads.as_of`."""
        return PostgresScripts(self._pool, moment)

    async def draft(self, tenant: str, draft_id: UUID) -> DraftRow | None:
        """See `ScriptReads.draft`."""
        async with reading():
            return await queries.draft(self._pool, tenant, draft_id, self._at)

    async def awaited(self, tenant: str, project_id: UUID, draft_id: UUID) -> bool:
        """See `ScriptReads.awaited`."""
        async with reading():
            return bool(await self._pool.fetchval(_AWAITED, tenant, project_id, str(draft_id)))

    async def last_words(self, tenant: str, draft_id: UUID) -> Moment | None:
        """See `ScriptReads.last_words`."""
        async with reading():
            return await queries.last_words(self._pool, tenant, draft_id)

    async def drafts(  # noqa: PLR0917 - what a page is of
        self, tenant: str, project_id: UUID, episode_id: UUID, state: str | None, limit: int, cursor: str | None
    ) -> Page[told.DraftSummary]:
        """See `ScriptReads.drafts`."""
        async with reading():
            page = await queries.drafts(self._pool, tenant, project_id, episode_id, state, limit, cursor, self._at)
        return page_of(page, rows.summary)

    async def citations(self, tenant: str, draft_id: UUID) -> list[told.Citation]:
        """See `ScriptReads.citations`."""
        async with reading():
            return [rows.citation(*one) for one in await queries.citations(self._pool, tenant, draft_id, self._at)]

    async def passages(self, tenant: str, draft_id: UUID) -> list[told.Passage]:
        """See `ScriptReads.passages`."""
        async with reading():
            return [rows.passage(*one) for one in await queries.passages(self._pool, tenant, draft_id, self._at)]

    async def passage(self, tenant: str, draft_id: UUID, number: int) -> told.Passage | None:
        """See `ScriptReads.passage`."""
        async with reading():
            for row, document in await queries.passages(self._pool, tenant, draft_id, self._at):
                if row.number == number:
                    return rows.passage(row, document, await queries.chunk(self._pool, tenant, row))
        return None

    async def charges(self, tenant: str, draft_id: UUID) -> list[told.Charge]:
        """See `ScriptReads.charges`."""
        async with reading():
            return [rows.charge(one) for one in await queries.charges(self._pool, tenant, draft_id, self._at)]

    async def sources(self, tenant: str, draft_id: UUID) -> list[told.Source]:
        """See `ScriptReads.sources`."""
        async with reading():
            return [rows.source(one) for one in await queries.sources(self._pool, tenant, draft_id, self._at)]

    async def scripts_of(
        self, tenant: str, document_id: UUID, limit: int, cursor: str | None
    ) -> Page[told.DocumentScript]:
        """See `ScriptReads.scripts_of`."""
        async with reading():
            page = await queries.scripts_of(self._pool, tenant, document_id, limit, cursor, self._at)
        return page_of(page, rows.script_of)

    async def versions(
        self, tenant: str, project_id: UUID, episode_id: UUID, limit: int, cursor: str | None
    ) -> Page[told.ScriptVersion]:
        """See `ScriptReads.versions`."""
        async with reading():
            page = await queries.versions(self._pool, tenant, project_id, episode_id, limit, cursor, self._at)
        return page_of(page, rows.version)

    async def version(self, tenant: str, project_id: UUID, episode_id: UUID, number: int | None) -> VersionRow | None:
        """See `ScriptReads.version`."""
        async with reading():
            return await queries.version(self._pool, tenant, project_id, episode_id, number, self._at)

    async def lineage(self, tenant: str, draft_id: UUID) -> list[UUID]:
        """See `ScriptReads.lineage`."""
        async with reading():
            return await queries.lineage(self._pool, tenant, draft_id, self._at)
