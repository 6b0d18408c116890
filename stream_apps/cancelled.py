"""The cancelled jobs in memory, looked up about once a second: asking costs nothing, and Postgres may be away."""

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import structlog

from muniment.producers.postgres import database
from muniment.schemas.errors import StepFailure

EVERY_S = 1.0
KEPT_DAYS = 45
"""No record waits longer for its retry. One that is redriven later is worked on, and its result changes nothing."""
# A decision says when it began, and is seen when it is committed: looked for a while back, none is missed.
_SINCE = """
select job_id, cancelled_at from muniment_deciding.cancelled
where cancelled_at > coalesce($1::timestamptz - interval '1 minute', now() - make_interval(days => $2))"""
log = structlog.get_logger(__name__)


class Cancelled:
    """The jobs that were cancelled, by their ids. Use as an async context manager.

    While Postgres is away what is known stays known; nothing new can be decided without it either.
    """

    def __init__(self, pool: Any, *, every_s: float = EVERY_S) -> None:
        self._pool = pool
        self._every_s = every_s
        self._known: set[UUID] = set()
        self._waiting: defaultdict[UUID, set[asyncio.Future[None]]] = defaultdict(set)
        self._last: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._away = False

    async def __aenter__(self) -> Self:
        """Look once, then go on looking."""
        await self._look()
        self._task = asyncio.create_task(self._keep_looking())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop looking."""
        assert self._task is not None, "it was entered"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def is_cancelled(self, job_id: UUID) -> bool:
        """Whether the job was cancelled, as far as is known here."""
        return job_id in self._known

    async def wait(self, job_id: UUID) -> None:
        """Return when the job is cancelled; never for one that is not."""
        if job_id in self._known:
            return
        told = asyncio.get_running_loop().create_future()
        self._waiting[job_id].add(told)
        try:
            await told
        finally:
            self._waiting[job_id].discard(told)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def refresh(self) -> None:
        """Look now. Raises `StepFailure(database_unavailable)`."""
        async with database():
            rows = await self._pool.fetch(_SINCE, self._last, KEPT_DAYS)
        for row in rows:
            self._last = max(self._last or row["cancelled_at"], row["cancelled_at"])
            if row["job_id"] not in self._known:
                self._known.add(row["job_id"])
                for told in self._waiting.get(row["job_id"], ()):
                    if not told.done():
                        told.set_result(None)

    async def _look(self) -> None:
        try:
            await self.refresh()
            self._away = False
        except StepFailure as error:
            if not self._away:
                log.warning("cancelled_not_looked_up", error=error.detail)
            self._away = True
        except Exception:
            # Whatever it is, the next look may be better; to stop looking would be worse.
            log.exception("cancelled_not_looked_up")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self._look()
