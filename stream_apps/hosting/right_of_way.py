"""Imports give way: on a full machine, work that somebody waits for shares the cores and a process' loop with them.

While interactive records are worked on in this process, and a moment longer, no record of the bulk lane is begun. What
has begun goes on, and no record gives way for longer than `GIVES_WAY_S`: an import gets on whatever comes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from muniment.producers.urgency import lane
from muniment.schemas.metadata import LANES

GIVES_WAY_S = 1.0
MOMENT_S = 0.1
"""Between two steps a document is on the log for some milliseconds, and nowhere else."""


class RightOfWay:
    """One for all hosts of a process."""

    def __init__(self, *, gives_way_s: float = GIVES_WAY_S, moment_s: float = MOMENT_S) -> None:
        self._gives_way_s = gives_way_s
        self._moment_s = moment_s
        self._under_way = 0
        self._clear = asyncio.Event()
        self._clear.set()
        self._clearing: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def taken(self, *, slow: bool = False) -> AsyncIterator[None]:
        """Work on a record of the lane that was said (`working_for`), once nothing is to pass it.

        Nobody gives way to what is `slow`: it is waited for by the minute.
        """
        if lane() == LANES[-1]:
            await self._give_way()
        elif lane() == LANES[0] and not slow:
            async with self._first():
                yield
            return
        yield

    async def _give_way(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._gives_way_s):
                await self._clear.wait()

    @asynccontextmanager
    async def _first(self) -> AsyncIterator[None]:
        self._under_way += 1
        self._clear.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if self._clearing is not None:
                self._clearing.cancel()
            self._clearing = asyncio.get_running_loop().call_later(self._moment_s, self._look)

    def _look(self) -> None:
        if not self._under_way:
            self._clear.set()
