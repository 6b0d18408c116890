"""Projects as they are read on Postgres."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from muniment.api.pages import Page
from muniment.api.project_reads.answers import Decision, Episode, Happened, Project, ProjectDocument
from muniment.api.reading import page_of, reading
from muniment.projections.documents import queries as document_queries
from muniment.projections.projects import queries
from muniment.projections.validity import Moment


class PostgresProjects:
    """See `ProjectReads`. `at` is the moment that they are read as of, `None` for now."""

    def __init__(self, pool: Any, at: Moment | None = None) -> None:
        self._pool = pool
        self._at = at

    def as_of(self, moment: Moment) -> "PostgresProjects":
        """See `ProjectReads.as_of`."""
        return PostgresProjects(self._pool, moment)

    async def project(self, tenant: str, project_id: UUID) -> Project | None:
        """See `ProjectReads.project`."""
        async with reading():
            row = await queries.project(self._pool, tenant, project_id, self._at)
        return Project.model_validate(row) if row else None

    async def projects(
        self,
        tenant: str,
        *,
        archived: bool | None,
        text: str | None,
        document_id: UUID | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Project]:
        """See `ProjectReads.projects`."""
        async with reading():
            page = await queries.projects(
                self._pool,
                tenant,
                archived=archived,
                text=text,
                document_id=document_id,
                limit=limit,
                cursor=cursor,
                at=self._at,
            )
        return page_of(page, Project.model_validate)

    async def episode(self, tenant: str, project_id: UUID, episode_id: UUID) -> Episode | None:
        """See `ProjectReads.episode`."""
        async with reading():
            row = await queries.episode(self._pool, tenant, project_id, episode_id, self._at)
        return Episode.model_validate(row) if row else None

    async def episodes(
        self, tenant: str, project_id: UUID, *, archived: bool | None, limit: int, cursor: str | None
    ) -> Page[Episode]:
        """See `ProjectReads.episodes`."""
        async with reading():
            page = await queries.episodes(
                self._pool, tenant, project_id, archived=archived, limit=limit, cursor=cursor, at=self._at
            )
        return page_of(page, Episode.model_validate)

    async def documents(
        self, tenant: str, project_id: UUID, *, limit: int, cursor: str | None
    ) -> Page[ProjectDocument]:
        """See `ProjectReads.documents`."""
        async with reading():
            page = await queries.documents(self._pool, tenant, project_id, limit=limit, cursor=cursor, at=self._at)
        return page_of(page, ProjectDocument.model_validate)

    async def unknown(self, tenant: str, document_ids: Sequence[UUID]) -> list[UUID]:
        """See `ProjectReads.unknown`."""
        async with reading():
            known = await document_queries.there(self._pool, tenant, document_ids)
        return [one for one in dict.fromkeys(document_ids) if one not in known]

    async def last(self, tenant: str, project_id: UUID) -> int:
        """See `ProjectReads.last`."""
        async with reading():
            return await queries.last(self._pool, tenant, project_id)

    async def happened(self, tenant: str, project_id: UUID, after: int, limit: int) -> list[Happened]:
        """See `ProjectReads.happened`."""
        async with reading():
            rows = await queries.happened(self._pool, tenant, project_id, after, limit)
        return [Happened.model_validate(row) for row in rows]

    async def moved(self, since: Mapping[int, int] | None) -> tuple[set[tuple[str, UUID]], Mapping[int, int]]:
        """See `ProjectReads.moved`."""
        async with reading():
            return await queries.moved(self._pool, since)

    async def everything_in(self, tenant: str, project_id: UUID, up_to: int) -> dict[UUID, int]:
        """See `ProjectReads.everything_in`."""
        async with reading():
            return await queries.everything_in(self._pool, tenant, project_id, up_to)

    async def decision(self, tenant: str, command_id: UUID) -> Decision | None:
        """See `ProjectReads.decision`."""
        async with reading():
            row = await queries.decision(self._pool, tenant, command_id)
        return Decision.model_validate(row) if row else None
