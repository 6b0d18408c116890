"""One of all that run does a thing, the others stand by: who holds an advisory lock of Postgres (PostgreSQL, 13.3.5).

The lock goes with its session, however that ends: whoever comes next has it a moment later. Who leads asks its session
for a word after every turn, so one that has lost the lock stops.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from muniment.producers.postgres import FAILURES, database
from muniment.schemas.errors import MunimentError

STAND_BY_S = 2.0
"""How often whoever stands by tries, and how long after a failure."""
_LOCK = "select pg_try_advisory_lock(hashtextextended($1, 0))"
log = structlog.get_logger(__name__)


class Leading:
    """Runs work wherever it leads. `connect` opens a connection of its own to Postgres, which holds the lock."""

    def __init__(self, name: str, connect: Callable[[], Awaitable[Any]]) -> None:
        """`name` is that of the lock, as `muniment.<what is done>`."""
        self._name = name
        self._connect = connect
        self._connection: Any = None
        self._alive_at = time.monotonic()

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled. What is away is waited for; `work` runs without an end and calls `beat` after each turn."""
        while True:
            try:
                await self._stand_by(work)
            except (MunimentError, *FAILURES, asyncpg.InterfaceError) as error:
                log.warning(
                    "leader_waits", of=self._name, kind=type(error).__name__, error=getattr(error, "detail", "")
                )
            self._alive_at = time.monotonic()
            await asyncio.sleep(STAND_BY_S)

    async def beat(self) -> None:
        """A turn is done. Raises when the lock is lost."""
        await self.leads_still()
        self._alive_at = time.monotonic()

    async def leads_still(self) -> None:
        """Within a turn that takes long. Raises when the lock is lost."""
        await self._connection.execute("select 1")

    def state(self, host: str, longest_turn_s: float) -> dict[str, object]:
        """What `/health` shows of it: it is taken for stuck when a turn takes longer than that."""
        quiet_s = time.monotonic() - self._alive_at
        leads = self._connection is not None
        return {"host": host, "running": quiet_s < longest_turn_s, "leads": leads, "last_turn_s": round(quiet_s, 1)}

    async def _stand_by(self, work: Callable[[], Awaitable[None]]) -> None:
        connection = await self._connect()
        try:
            while not await connection.fetchval(_LOCK, self._name):
                self._alive_at = time.monotonic()
                await asyncio.sleep(STAND_BY_S)
            log.info("leads", of=self._name)
            self._connection = connection
            await work()
        finally:
            self._connection = None
            connection.terminate()


@asynccontextmanager
async def alone(pool: Any, lock: int) -> AsyncIterator[Any | None]:
    """A connection of the pool that holds the lock as long as the block lasts; `None` when somebody else has it.

    Raises:
        StepFailure: `database_unavailable`.

    """
    async with database(), pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", lock):
            yield None
            return
        try:
            yield connection
        finally:
            # A connection that broke has lost the lock with its session.
            if not connection.is_closed():
                await connection.execute("select pg_advisory_unlock($1)", lock)
