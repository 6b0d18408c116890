"""Wait until a read model has folded a position: what a read with a position token does.

One connection listens for all waiters of a process. A notification only says that a projection has moved; the
checkpoint is read then. A lost notification (the connection broke) costs a waiter a fraction of a second.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Self

import asyncpg

from muniment.producers.postgres import FAILURES
from muniment.projections.database import connect
from muniment.projections.fold import CHANNEL
from muniment.schemas.record import Position

log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.25
_DECIDED_AS = "select decided from muniment_deciding.repeats where place = $1"
_RECONNECT_S = 0.5


class Waiting:
    """Use as an async context manager; `pool` serves the look-ups, the listening connection is its own."""

    def __init__(self, pool: Any, database_url: str) -> None:
        self._pool = pool
        self._database_url = database_url
        self._moved: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._lost = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._told: list[Callable[[str], None]] = []

    async def __aenter__(self) -> Self:
        """Start listening, in the background: an absent database does not keep anybody from starting."""
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    def tell(self, on_move: Callable[[str], None]) -> None:
        """Call this with the name of every projection that moves. What moved while nobody listened is not told."""
        self._told.append(on_move)

    async def wait_for(self, projection: str, position: Position, timeout_s: float) -> bool:
        """Whether the projection has folded everything up to `position`, waiting at most so many seconds for it."""
        deadline = monotonic() + timeout_s
        # Nearly always the position comes sooner than anybody had to ask whether a repeat lies there.
        ask_again_at = monotonic() + _LOOK_AGAIN_S
        while True:
            # Taken before the look: a move in between wakes this waiter rather than being missed.
            moved = self._moved[projection]
            reached = await self.reached(projection, position)
            if reached is not None and reached > position.offset:
                return True
            now = monotonic()
            if now >= min(ask_again_at, deadline):
                decided = await self._decided_as(position)
                if decided != position:
                    position = decided
                    continue
                ask_again_at = now + _LOOK_AGAIN_S
            left = deadline - now
            if left <= 0:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _LOOK_AGAIN_S)):
                    await moved.wait()

    async def reached(self, projection: str, position: Position) -> int | None:
        """The next offset the projection will fold of the position's partition; `None` when it is not known there."""
        # The name is one of the registry's, never a reader's text.
        sql = f"select next_offset from read.{projection}_checkpoints where topic = $1 and partition = $2"  # noqa: S608
        try:
            found: int | None = await self._pool.fetchval(sql, position.topic, position.partition)
        except asyncpg.UndefinedTableError:
            # No projection has run against this database yet.
            return None
        return found

    async def _decided_as(self, position: Position) -> Position:
        """Where the command lies that was decided, when at `position` lies a repeat of it, which nothing follows."""
        found = await self._pool.fetchval(_DECIDED_AS, str(position))
        return Position.parse(found) if found else position

    def _notified(self, _connection: Any, _pid: int, _channel: str, projection: str) -> None:
        event = self._moved.pop(projection, None)
        if event:
            event.set()
        for on_move in self._told:
            on_move(projection)

    async def _listen(self) -> None:
        while True:
            try:
                self._lost.clear()
                connection = await connect(self._database_url, "waiting")
                connection.add_termination_listener(lambda *_: self._lost.set())
                await connection.add_listener(CHANNEL, self._notified)
                try:
                    await self._lost.wait()
                finally:
                    connection.terminate()
            except FAILURES as error:
                log.warning("not listening for read models: %s", type(error).__name__)
            await asyncio.sleep(_RECONNECT_S)
