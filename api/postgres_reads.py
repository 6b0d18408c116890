"""The read models on Postgres: the queries of `projections`, put into the shapes of answers."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from muniment.api.answers import Document, Hit, Job, Version
from muniment.api.operation_reads.postgres import PostgresOperationReads
from muniment.api.outbox.postgres import LONG_AGO, Outbox
from muniment.api.pages import Page
from muniment.api.position import OUTBOX, concerns
from muniment.api.reading import page_of, reading
from muniment.api.reads import Behind, Question, Stored
from muniment.api.rows import (
    document_answer,
    hit_answer,
    job_answer,
    version_answer,
    waiting_job_answer,
)
from muniment.projections.chunks import queries as chunk_queries
from muniment.projections.chunks.filters import Filters
from muniment.projections.documents import queries as document_queries
from muniment.projections.history import queries as history_queries
from muniment.projections.history.queries import Happened, Part
from muniment.projections.jobs import queries as job_queries
from muniment.projections.jobs.queries import JobRow
from muniment.projections.operations import queries as operation_queries
from muniment.projections.paging import Page as HistoryPage
from muniment.projections.validity import Moment
from muniment.projections.waiting import Waiting
from muniment.schemas.record import Position

_SEARCH_BEHIND = timedelta(hours=1)
"""A job that ended longer ago is not asked about: search is long past it, or an operator knows."""
Lag = Callable[[], Awaitable[Mapping[str, int]]]


class PostgresReads(PostgresOperationReads):
    """See `Reads`. `lag` tells how far projections are behind the log, which only their own process knows.

    `at` is the moment that documents, jobs and search are read as of, `None` for now.
    """

    def __init__(
        self,
        pool: Any,
        waiting: Waiting,
        lag: Lag | None = None,
        outbox: Outbox | None = None,
        at: Moment | None = None,
    ) -> None:
        super().__init__(pool)
        self._waiting = waiting
        self._lag = lag
        self._outbox = outbox or Outbox(pool)
        self._at = at

    def as_of(self, moment: Moment) -> "PostgresReads":
        """See `Reads.as_of`."""
        return PostgresReads(self._pool, self._waiting, self._lag, self._outbox, moment)

    async def model_then(self) -> str | None:
        """See `Reads.model_then`."""
        if self._at is None:
            return None
        async with reading():
            return await operation_queries.model_at(self._pool, self._at.at)

    async def wait_for(self, projection: str, positions: Sequence[Position], timeout_s: float) -> Behind | None:
        """See `Reads.wait_for`."""
        deadline = monotonic() + timeout_s
        async with reading():
            for given in positions:
                left = max(0.0, deadline - monotonic())
                position = given if given.topic != OUTBOX else await self._outbox.position(given.offset, left)
                if position is None:
                    return Behind(projection, await self._outbox.ahead(given.offset), -1, given.offset)
                if position == LONG_AGO:
                    continue
                if not concerns(projection, position):
                    continue
                left = max(0.0, deadline - monotonic())
                if not await self._waiting.wait_for(projection, position, left):
                    return await self._behind(projection, position)
        return None

    async def _behind(self, projection: str, position: Position) -> Behind:
        reached = await self._waiting.reached(projection, position) or 0
        return Behind(projection, max(1, position.offset + 1 - reached), reached - 1, position.offset)

    async def documents(
        self,
        tenant: str,
        *,
        status: str | None,
        media_type: str | None,
        text: str | None,
        limit: int,
        cursor: str | None,
        project_id: UUID | None = None,
    ) -> Page[Document]:
        """See `Reads.documents`."""
        wanted = document_queries.DocumentFilter(status=status, media_type=media_type, text=text, project_id=project_id)
        async with reading():
            page = await document_queries.documents(self._pool, tenant, wanted, limit=limit, cursor=cursor, at=self._at)
        return page_of(page, document_answer)

    async def document(self, tenant: str, document_id: UUID) -> Document | None:
        """See `Reads.document`."""
        async with reading():
            found = await document_queries.document_with_latest(self._pool, tenant, document_id, self._at)
        if found is None or found[0].status == "deleted":
            return None
        return document_answer(*found)

    async def versions(self, tenant: str, document_id: UUID) -> list[Version]:
        """See `Reads.versions`."""
        async with reading():
            head = await document_queries.document(self._pool, tenant, document_id, self._at)
            rows = await document_queries.versions(self._pool, tenant, document_id, self._at)
        return [version_answer(row, head.active_version if head else None) for row in rows]

    async def stored(self, tenant: str, document_id: UUID, version: int | None) -> Stored | None:
        """See `Reads.stored`."""
        async with reading():
            head = await document_queries.document(self._pool, tenant, document_id, self._at)
            if head is None:
                return None
            number = version or head.active_version or head.latest_version
            row = await document_queries.version(self._pool, tenant, document_id, number, self._at)
        if row is None or row.blob is None or row.status in {"deleted", "cancelled"}:
            return None
        return Stored(row.blob, row.size_bytes, row.file_name or "document", row.media_type, row.version)

    async def jobs(
        self,
        tenant: str,
        *,
        state: str | None,
        document_id: UUID | None,
        limit: int,
        cursor: str | None,
        kind: str | None = None,
        project_id: UUID | None = None,
        draft_id: UUID | None = None,
    ) -> Page[Job]:
        """See `Reads.jobs`."""
        wanted = job_queries.JobFilter(
            state=state, kind=kind, document_id=document_id, project_id=project_id, draft_id=draft_id
        )
        async with reading():
            page = await job_queries.jobs(self._pool, tenant, wanted, limit=limit, cursor=cursor, at=self._at)
            items = await self._told(tenant, page.rows)
        return Page(items, page.cursor)

    async def jobs_by_id(self, tenant: str, job_ids: Sequence[UUID]) -> list[Job]:
        """See `Reads.jobs_by_id`."""
        async with reading():
            told = await self._told(tenant, await job_queries.jobs_by_id(self._pool, tenant, job_ids, self._at))
            missing = set(job_ids) - {job.job_id for job in told}
            return told + await self._accepted(tenant, missing)

    async def job(self, tenant: str, job_id: UUID) -> Job | None:
        """See `Reads.job`."""
        async with reading():
            row = await job_queries.job(self._pool, tenant, job_id, self._at)
            told = await self._told(tenant, [row]) if row else await self._accepted(tenant, {job_id})
            return told[0] if told else None

    async def _accepted(self, tenant: str, job_ids: Collection[UUID]) -> list[Job]:
        """Jobs whose commands have not reached the log yet: they wait at the very door."""
        # Of a moment the log tells: what it did not have yet is there from when it was accepted.
        waiting = await self._outbox.of(tenant, list(job_ids)) if job_ids and self._at is None else []
        told = [waiting_job_answer(one.command_id, one.record, one.accepted_at) for one in waiting]
        return [job for job in told if job is not None]

    async def _told(self, tenant: str, rows: Sequence[JobRow]) -> list[Job]:
        """Jobs as answers. One that the log calls done is still running until search sees what it brought."""
        if self._at is not None:
            return [job_answer(row) for row in rows]
        recent = datetime.now(UTC) - _SEARCH_BEHIND
        fresh = [row for row in rows if row.indexed and row.finished_at and row.finished_at > recent]
        unseen = await chunk_queries.unseen(
            self._pool, tenant, [(row.document_id, row.version) for row in fresh if row.version is not None]
        )
        return [job_answer(row, searchable=(row.document_id, row.version) not in unseen) for row in rows]

    async def document_history(
        self, tenant: str, document_id: UUID, *, limit: int, cursor: str | None
    ) -> HistoryPage[Happened]:
        """See `Reads.document_history`."""
        async with reading():
            return await history_queries.of_document(self._pool, tenant, document_id, limit=limit, cursor=cursor)

    async def project_history(
        self, tenant: str, part: Part, identity: UUID, *, limit: int, cursor: str | None
    ) -> HistoryPage[Happened]:
        """See `Reads.project_history`."""
        async with reading():
            return await history_queries.of_project(self._pool, tenant, part, identity, limit=limit, cursor=cursor)

    async def job_history(self, tenant: str, job_id: UUID, *, limit: int, cursor: str | None) -> HistoryPage[Happened]:
        """See `Reads.job_history`."""
        async with reading():
            return await history_queries.of_job(self._pool, tenant, job_id, limit=limit, cursor=cursor)

    async def search(self, tenant: str, question: Question) -> Page[Hit]:
        """See `Reads.search`."""
        filters = Filters(
            document_ids=question.document_ids,
            media_type=question.media_type,
            metadata=question.metadata,
            created_from=question.created_from,
            created_to=question.created_to,
            title=question.title,
            project_id=question.project_id,
        )
        async with reading():
            page = await chunk_queries.search(
                self._pool,
                tenant,
                question.mode,
                question.text,
                question.vector,
                k=question.k,
                filters=filters,
                cursor=question.cursor,
                model=question.model,
                pinned=question.pinned,
                at=self._at,
            )
        return Page([hit_answer(hit) for hit in page.hits], page.cursor)

    async def open_jobs(self) -> int:
        """See `Reads.open_jobs`."""
        async with reading():
            return await job_queries.open_jobs(self._pool)

    async def lag(self) -> Mapping[str, int]:
        """See `Reads.lag`."""
        return await self._lag() if self._lag else {}
