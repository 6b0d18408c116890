"""Reading the feed: jobs, what changed of them, and how far they are folded, all as of one moment."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from muniment.projections.jobs import queries
from muniment.projections.jobs.feed import from_text
from muniment.projections.jobs.feed_mark import CODES, Mark, Partition, Place
from muniment.projections.jobs.queries import JobRow
from muniment.projections.projection import Connection
from muniment.projections.sql import statements
from muniment.projections.upsert import built

_SQL = {
    name: queries.with_places(statement).replace("{jobs}", "read.jobs")
    for name, statement in statements("muniment.projections.jobs", "feed.sql").items()
}
_BEYOND_OF_ALL = _SQL["beyond"].replace("{found}", _SQL["found_of_all"])
_BEYOND_OF_SOME = _SQL["beyond"].replace("{found}", _SQL["found_of_some"])


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose changes are asked for; a part that is `None` narrows nothing."""

    tenants: Sequence[str]
    job_ids: Sequence[UUID] | None = None
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A change of a job.

    Attributes:
        place: The record that made it.
        job: What is to be shown; `None` where nothing is.
        awaits: The version that search has to see before the end may be shown.

    """

    place: Place
    tenant: str
    job_id: UUID
    job: JobRow | None
    awaits: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of a tenant: how many jobs wait in it, and the places, from 1 in each lane, of some."""

    queued: int
    places: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the read models; all that it is asked is true at the same time."""

    connection: Connection
    at: datetime

    async def reached(self) -> dict[Partition, int]:
        """The next offset of every partition that the jobs are folded from."""
        rows = await self.connection.fetch(_SQL["reached"])
        # Checkpoints also count commands by lane, under names that are no topics: no reader needs those.
        return {(r["topic"], r["partition"]): r["next_offset"] for r in rows if r["topic"] in CODES}

    async def beyond(self, mark: Mark, scope: Scope, limit: int) -> list[Told]:
        """What changed beyond a mark, `limit` at most, in the order in which it is to be told."""
        places = [(topic, partition, offset) for (topic, partition), offset in mark.reached.items()]
        sql = _BEYOND_OF_ALL if scope.job_ids is None else _BEYOND_OF_SOME
        return await self._told(sql, places, list(scope.tenants), limit, scope.job_ids, scope.document_id)

    async def put_off(self, places: Collection[Place], scope: Scope) -> list[Told]:
        """The jobs whose ends lie at these places, as they are now."""
        if not places:
            return []
        return await self._told(_SQL["at"], sorted(places), list(scope.tenants), scope.job_ids, scope.document_id)

    async def awaiting(self, tenant: str, within: timedelta, limit: int) -> list[Told]:
        """The last ends, `limit` at most and of the last while; without its job each that search has come to."""
        return [_told(row) for row in await self.connection.fetch(_SQL["awaiting"], tenant, within, limit)]

    async def open_jobs(
        self,
        tenant: str,
        document_id: UUID | None,
        lane: str | None,
        limit: int,
        project_id: UUID | None = None,
    ) -> list[JobRow]:
        """The newest jobs that have not ended, newest first; with `project_id` those of its documents."""
        rows = await self.connection.fetch(_SQL["open"], tenant, document_id, lane, limit, project_id)
        return [built(JobRow, row) for row in rows]

    async def jobs(self, tenant: str, job_ids: Sequence[UUID]) -> list[JobRow]:
        """These jobs, as far as they are the tenant's."""
        return await queries.jobs_by_id(self.connection, tenant, job_ids)

    async def newest(self, tenant: str, document_ids: Sequence[UUID]) -> list[JobRow]:
        """The newest job of each of these documents."""
        rows = await self.connection.fetch(_SQL["newest"], tenant, list(document_ids))
        return [built(JobRow, row) for row in rows]

    async def queue(self, tenant: str, job_ids: Sequence[UUID], first: int) -> Queue:
        """The places of the first so many in each lane, and of these."""
        rows = await self.connection.fetch(_SQL["queue"], tenant, first, list(job_ids))
        return Queue(rows[0]["queued"] if rows else 0, {row["job_id"]: row["place"] for row in rows})

    async def _told(self, sql: str, places: Sequence[Place], *others: Any) -> list[Told]:
        columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
        rows = await self.connection.fetch(sql, *columns, *others)
        return [_told(row) for row in rows]


@asynccontextmanager
async def moment(pool: Any) -> AsyncIterator[Moment]:
    """Hold one moment of the read models for reading."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield Moment(connection, await connection.fetchval("select now()"))


def placed(job: JobRow, queue: Queue | None) -> JobRow:
    """A job with its place in the queue, where it has one."""
    return replace(job, queue_position=queue.places.get(job.job_id) if queue and job.state == "queued" else None)


def _told(row: Any) -> Told:
    job = from_text(row["job"]) if row["job"] is not None else None
    place = (row["topic"], row["partition"], row["offset"])
    return Told(place, row["tenant"], row["job_id"], job, row["awaits"])
