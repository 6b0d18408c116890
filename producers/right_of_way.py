"""Imports give way: on a full machine, work that somebody waits for shares the cores and a process' loop with them.

While interactive work is done in this process, and a moment longer, no work of the bulk lane is begun. What has begun
goes on, so not much of it may have: as long as interactive work comes now and then, few are at it at once, whichever
steps they are of. Nothing gives way for longer than `GIVES_WAY_S`: an import gets on whatever comes.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

from muniment.producers.urgency import Places, lane
from muniment.schemas.metadata import LANES

GIVES_WAY_S = 1.0
MOMENT_S = 0.1
"""Between two steps a document is on the log for some milliseconds, and nowhere else."""
AWAKE_S = 30.0
"""How long after interactive work more of it is expected."""
FEW = 6
"""So much of the bulk lane is done at once then: all of it shares one event loop, in which an interactive record has
some twenty turns to wait for."""


class RightOfWay:
    """One for all that a process does."""

    def __init__(
        self,
        *,
        gives_way_s: float = GIVES_WAY_S,
        moment_s: float = MOMENT_S,
        awake_s: float = AWAKE_S,
        few: int = FEW,
    ) -> None:
        self._gives_way_s = gives_way_s
        self._moment_s = moment_s
        self._awake_s = awake_s
        self._few = Places(few)
        self._under_way = 0
        self._awake_until = float("-inf")
        self._clear = asyncio.Event()
        self._clear.set()
        self._clearing: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def taken(self, *, slow: bool = False) -> AsyncIterator[None]:
        """Do work of the lane that was said (`working_for`), once nothing is to pass it.

        Nobody gives way to what is `slow`, which is waited for by the minute, and it takes nobody's place.
        """
        async with AsyncExitStack() as held:
            if lane() == LANES[-1]:
                await self._give_way(held, slow=slow)
            elif lane() == LANES[0] and not slow:
                held.enter_context(self._first())
            yield

    async def _give_way(self, held: AsyncExitStack, *, slow: bool) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._gives_way_s):
                if not slow and asyncio.get_running_loop().time() < self._awake_until:
                    await held.enter_async_context(self._few.one())
                await self._clear.wait()

    @contextmanager
    def _first(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        self._under_way += 1
        self._clear.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            self._awake_until = loop.time() + self._awake_s
            if self._clearing is not None:
                self._clearing.cancel()
            self._clearing = loop.call_later(self._moment_s, self._look)

    def _look(self) -> None:
        if not self._under_way:
            self._clear.set()
