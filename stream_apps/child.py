"""Runs a function in a child process: it may hog a core, leak, hang or crash without harm to anybody else.

The children are `anyio.to_process` workers; cancelling the caller (a time-out, a shutdown) kills the child.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from muniment.producers.urgency import Places, working_for
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import LANES
from muniment.stream_apps.progress import ProgressFile

T = TypeVar("T")
log = structlog.get_logger(__name__)
Progress = tuple[int, int, str]

LONGEST_WAIT_S = 24 * 60 * 60.0
"""How long a document may wait for a child before something must be wrong."""
KEEP_WARM_S = 240.0
"""`anyio` ends a child that has been idle for 300 s."""


class Children:
    """How many children may work at once in this process, and how many more for interactive work alone.

    A document can keep a child for minutes: one that somebody waits for must not stand behind it.
    """

    def __init__(self, most: int, *, reserved: int = 0) -> None:
        self.places = Places(most, reserved=reserved)

    async def keep_warm(self, prepare: Callable[..., object], *args: object, every_s: float = KEEP_WARM_S) -> None:
        """Have `prepare` run in every child now and again, so that no document waits for imports; never returns.

        A preparation that fails, or kills its child, fails no document: it is logged and tried again next time.
        """
        while True:
            # All at once: each call takes a child of its own.
            ends = await asyncio.gather(
                *(self._warm(prepare, *args) for _ in range(self.places.places + self.places.reserved)),
                return_exceptions=True,
            )
            for error in ends:
                if isinstance(error, Exception):
                    log.warning("child_not_warm", error=type(error).__name__)
            await asyncio.sleep(every_s)

    async def _warm(self, prepare: Callable[..., object], *args: object) -> None:
        # As for an interactive document, or the reserved children would stay cold.
        with working_for(LANES[0]):
            async with self.places.one():
                await in_child(prepare, *args)


async def in_child(work: Callable[..., T], *args: object) -> T:
    """What `work` returns, in a child; whoever calls holds a place. Cancelling kills the child."""
    # Places are counted by `Children`; anyio wants a limiter all the same.
    return await to_process.run_sync(work, *args, cancellable=True, limiter=CapacityLimiter(1))


class ChildRun(Generic[T]):
    """One call in a child: iterate over its progress until it ends, then take `result`.

    Its `limit_s` seconds begin when it has a child. Waiting for one behind slow documents is not the document's fault:
    counted against it, documents that hang would take those behind them along to the dead letters.

    Raises whatever the function raised; `StepFailure(extractor_crashed)` when the child died, and
    `StepFailure(step_timeout)` when it was killed because it took too long.
    """

    def __init__(
        self,
        children: Children,
        work: Callable[..., T],
        *args: object,
        progress: Path,
        limit_s: float | None = None,
    ) -> None:
        self._children = children
        self._work = work
        self._args = args
        self._progress = ProgressFile(progress)
        self._limit_s = limit_s
        self._result: list[T] = []

    @property
    def result(self) -> T:
        """What the function returned; there is none before `progress` has come to its end."""
        assert self._result, "the run is over before its result is taken"
        return self._result[0]

    async def progress(self, every_s: float = 1.0) -> AsyncGenerator[Progress, None]:
        """Each new state of progress, at most one in `every_s` seconds; ends with the call."""
        task = asyncio.create_task(self._call())
        last: Progress | None = None
        try:
            while not (await asyncio.wait({task}, timeout=every_s))[0]:
                now = self._progress.read()
                if now and now != last:
                    last = now
                    yield now
            self._result.append(task.result())
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _call(self) -> T:
        async with self._children.places.one():
            try:
                async with asyncio.timeout(self._limit_s):
                    return await self._run()
            except TimeoutError:
                raise StepFailure(ErrorCode.STEP_TIMEOUT, f"the child did not end in {self._limit_s} s") from None

    async def _run(self) -> T:
        try:
            return await in_child(self._work, *self._args)
        except BrokenWorkerProcess as error:
            raise StepFailure(ErrorCode.EXTRACTOR_CRASHED, "the child process died at its work") from error
