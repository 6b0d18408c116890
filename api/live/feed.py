"""The port to what changes: the read models at one moment, as `projections.jobs.feed_queries` gives them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from muniment.projections.jobs.feed_mark import Mark, Partition, Place
from muniment.projections.jobs.feed_queries import Queue, Scope, Told
from muniment.projections.jobs.queries import JobRow

Versions = set[tuple[UUID, int]]
"""Documents with a version of each."""


class Moment(Protocol):
    """Everything asked of one is true at the same time."""

    @property
    def at(self) -> datetime:
        """When, by the clock of the database."""
        ...

    async def reached(self) -> Mapping[Partition, int]:
        """How far the jobs are folded."""
        ...

    async def beyond(self, mark: Mark, scope: Scope, limit: int) -> Sequence[Told]:
        """What changed beyond a mark, in the order in which it is to be told."""
        ...

    async def put_off(self, places: Collection[Place], scope: Scope) -> Sequence[Told]:
        """The jobs whose ends lie at these places, as they are now."""
        ...

    async def awaiting(self, tenant: str, within: timedelta, limit: int) -> Sequence[Told]:
        """The last ends, `limit` at most and of the last while; without its job each that search has come to."""
        ...

    async def open_jobs(
        self,
        tenant: str,
        document_id: UUID | None,
        lane: str | None,
        limit: int,
        project_id: UUID | None = None,
    ) -> Sequence[JobRow]:
        """The newest jobs that have not ended."""
        ...

    async def jobs(self, tenant: str, job_ids: Sequence[UUID]) -> Sequence[JobRow]:
        """These jobs, as far as they are the tenant's."""
        ...

    async def newest(self, tenant: str, document_ids: Sequence[UUID]) -> Sequence[JobRow]:
        """The newest job of each of these documents."""
        ...

    async def queue(self, tenant: str, job_ids: Sequence[UUID], first: int) -> Queue:
        """Places in the queue."""
        ...

    async def unseen(self, tenant: str, versions: Collection[tuple[UUID, int]]) -> Versions:
        """Of these versions those that search has not come to yet."""
        ...


class Feed(Protocol):
    """Gives moments."""

    def moment(self) -> AbstractAsyncContextManager[Moment]:
        """A moment. Raises `StepFailure(database_unavailable)` when the database is away, then or while it is held."""
        ...
