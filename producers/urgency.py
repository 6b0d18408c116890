"""How urgent the work at hand is: places that are few go to the most urgent who waits for one.

A host says it once for each record (`working_for`), and everything that runs for the record, tasks included, carries
it along. As a parameter it would have to pass through every step only to reach the few places that are shared.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from muniment.schemas.metadata import LANES, NORMAL

_LANE: ContextVar[str] = ContextVar("muniment_lane", default=NORMAL)
FAVOURED_IN_A_ROW = 8
"""After as many places that went to somebody more urgent, whoever has waited longest gets one: nobody starves."""


@contextmanager
def working_for(lane: str) -> Iterator[None]:
    """What runs inside is done for a record of this lane."""
    token = _LANE.set(lane)
    try:
        yield
    finally:
        _LANE.reset(token)


def lane() -> str:
    """The lane that the work at hand is done for; normal when nobody has said."""
    return _LANE.get()


def rank() -> int:
    """How urgent the work at hand is: 0 for interactive, the higher the less."""
    return LANES.index(_LANE.get())


class Places:
    """So many places, and `reserved` more for interactive work alone: it waits for nothing that takes long.

    Who has to wait is served by urgency, then by age.
    """

    def __init__(self, places: int, *, reserved: int = 0) -> None:
        if places < 1 or reserved < 0:
            raise ValueError("there is at least one place")
        self.places = places
        self.reserved = reserved
        self.taken = 0
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._in_a_row = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for as long as the context lasts."""
        await self._take(rank())
        try:
            yield
        finally:
            self.taken -= 1
            self._give()

    async def _take(self, rank: int) -> None:
        if self._has_room(rank) and not any(other <= rank and not f.done() for other, _, f in self._waiting):
            self.taken += 1
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), given))
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                # Given in the moment that its taker went away: it goes to the next.
                self.taken -= 1
            given.cancel()
            self._give()
            raise

    def _has_room(self, rank: int) -> bool:
        return self.taken < self.places + (self.reserved if rank == 0 else 0)

    def _give(self) -> None:
        self._waiting = [one for one in self._waiting if not one[2].done()]
        heapq.heapify(self._waiting)
        while self._waiting:
            chosen = self._next()
            if not self._has_room(chosen[0]):
                return
            self._waiting.remove(chosen)
            heapq.heapify(self._waiting)
            self.taken += 1
            chosen[2].set_result(None)

    def _next(self) -> tuple[int, int, asyncio.Future[None]]:
        first = self._waiting[0]
        oldest = min(self._waiting, key=lambda one: one[1])
        if oldest is first:
            self._in_a_row = 0
            return first
        if self._in_a_row >= FAVOURED_IN_A_ROW and self._has_room(oldest[0]):
            self._in_a_row = 0
            return oldest
        self._in_a_row += self._has_room(first[0])
        return first
