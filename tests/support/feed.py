"""A feed in memory: changes of jobs in one list, read as of the moment it is held."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from muniment.projections.jobs.feed import shown
from muniment.projections.jobs.feed_mark import Mark, Partition, Place
from muniment.projections.jobs.feed_queries import Queue, Scope, Told
from muniment.projections.jobs.queries import JobRow
from muniment.projections.jobs.state import Job
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topics import DOCUMENTS

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def job_row(tenant: str = "acme", **known: object) -> JobRow:
    """A job of a tenant."""
    job = Job(uuid4(), tenant, uuid4(), kind="submit", created_at=NOW, command_partition=0, command_offset=0)
    return shown(replace(job, **known))  # type: ignore[arg-type]


@dataclass
class MemoryFeed:
    """See the module. `unseen` holds what search has not come to; `away` counts the looks that fail."""

    changes: list[Told] = field(default_factory=list)
    unseen: set[tuple[UUID, int]] = field(default_factory=set)
    away: int = 0
    looks: int = 0

    def say(self, row: JobRow, *, partition: int = 0) -> JobRow:
        """A record changed a job to this."""
        offset = sum(c.place[1] == partition for c in self.changes)
        awaits = row.version if row.indexed else None
        self.changes.append(Told((DOCUMENTS.name, partition, offset), row.tenant, row.job_id, row, awaits))
        return row

    @asynccontextmanager
    async def moment(self) -> AsyncIterator["MemoryMoment"]:
        """See `Feed.moment`."""
        self.looks += 1
        if self.away:
            self.away -= 1
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")
        yield MemoryMoment(tuple(self.changes), frozenset(self.unseen))


@dataclass(frozen=True)
class MemoryMoment:
    """See `Moment`."""

    changes: tuple[Told, ...]
    not_seen: frozenset[tuple[UUID, int]]
    at: datetime = NOW

    @property
    def _latest(self) -> dict[UUID, JobRow]:
        return {c.job_id: c.job for c in self.changes if c.job}

    async def reached(self) -> dict[Partition, int]:
        """See `Moment`."""
        return {c.place[:2]: c.place[2] + 1 for c in self.changes}

    async def beyond(self, mark: Mark, scope: Scope, limit: int) -> list[Told]:
        """See `Moment`."""
        return [
            c
            for c in self.changes
            if c.place[2] >= mark.reached.get(c.place[:2], 0)
            and c.tenant in scope.tenants
            and (scope.job_ids is None or c.job_id in scope.job_ids)
        ][:limit]

    async def put_off(self, places: Collection[Place], scope: Scope) -> list[Told]:
        """See `Moment`."""
        return [c for c in self.changes if c.place in places and c.tenant in scope.tenants]

    async def awaiting(self, tenant: str, within: timedelta, limit: int) -> list[Told]:
        """See `Moment`."""
        mine = [c for c in self.changes if c.tenant == tenant and c.job and c.awaits][-limit:]
        return [
            c if c.job and (c.job.document_id, c.awaits) in self.not_seen else replace(c, job=None, awaits=None)
            for c in mine
        ]

    async def open_jobs(
        self,
        tenant: str,
        document_id: UUID | None,
        lane: str | None,
        limit: int,
        project_id: UUID | None = None,
    ) -> list[JobRow]:
        """See `Moment`."""
        found = [r for r in self._latest.values() if r.tenant == tenant and r.finished_at is None]
        return found[::-1][:limit]

    async def jobs(self, tenant: str, job_ids: Sequence[UUID]) -> list[JobRow]:
        """See `Moment`."""
        return [r for i, r in self._latest.items() if i in job_ids and r.tenant == tenant]

    async def newest(self, tenant: str, document_ids: Sequence[UUID]) -> list[JobRow]:
        """See `Moment`."""
        return [r for r in self._latest.values() if r.document_id in document_ids and r.tenant == tenant]

    async def queue(self, tenant: str, job_ids: Sequence[UUID], first: int) -> Queue:
        """See `Moment`."""
        queued = [r.job_id for r in self._latest.values() if r.tenant == tenant and r.state == "queued"]
        return Queue(len(queued), {i: n for n, i in enumerate(queued, 1) if n <= first or i in job_ids})

    async def unseen(self, tenant: str, versions: Collection[tuple[UUID, int]]) -> set[tuple[UUID, int]]:
        """See `Moment`."""
        return set(versions) & self.not_seen
