"""Looks into one topic of commands for everybody who asks: one reader, and one pass at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from muniment.producers.command_window import Place, Window, going_on
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record

SLACK = timedelta(seconds=60)
"""How far the clocks of those who send and those who look may be apart."""
PATIENCE_S = 60.0
"""The longest that one pass may take."""
LINGER_S = 2.0
"""How long the reader stays for the next who asks: a request asks several times, and many repeat theirs at once."""


class Spans(Protocol):
    """What is asked of `producers.log_spans.LogSpans`."""

    async def partitions(self, topics: Iterable[str]) -> list[Place]:
        """The partitions of these topics."""
        ...

    async def extents(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset that is there, and the one after the last."""
        ...

    async def since(self, places: Sequence[Place], moment: datetime) -> dict[Place, int | None]:
        """The first offset whose record is not older than that; `None` for none."""
        ...

    def read(self, place: Place, first: int, end: int) -> AsyncIterator[list[Record]]:
        """The records from `first` to before `end`."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    wanted: frozenset[str]
    since: datetime
    found: "asyncio.Future[Mapping[str, Position]]"


class CommandLook:
    """See `first`. `opened` gives a reader; what it raises is what those are told who asked."""

    def __init__(self, topic: str, opened: Callable[[], AbstractAsyncContextManager[Spans]]) -> None:
        self._topic = topic
        self._opened = opened
        self._asked: list[_Asked] = []
        self._taken: list[_Asked] = []
        self._more = asyncio.Event()
        self._window: Window | None = None
        self._serving: asyncio.Task[None] | None = None

    async def first(self, wanted: frozenset[str], since: datetime) -> Mapping[str, Position]:
        """Where those of the wanted commands lie that are on the log when this is called, from a time on.

        Raises:
            StepFailure: `log_unavailable`.

        """
        asked = _Asked(wanted, since, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._more.set()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name=f"looking {self._topic}")
        return await asked.found

    async def _serve(self) -> None:
        while self._asked:
            try:
                async with self._opened() as log:
                    while await self._soon():
                        async with asyncio.timeout(PATIENCE_S):
                            await self._pass(log)
            except StepFailure as error:
                self._failed(error)
            except BaseException as error:
                self._failed(error)
                raise

    async def _soon(self) -> bool:
        """Whether somebody asks now, or within a moment."""
        if not self._asked:
            self._more.clear()
            try:
                async with asyncio.timeout(LINGER_S):
                    await self._more.wait()
            except TimeoutError:
                return False
        return True

    async def _pass(self, log: Spans) -> None:
        self._taken, self._asked = self._asked, []
        wanted = frozenset().union(*(one.wanted for one in self._taken))
        since = min(one.since for one in self._taken) - SLACK
        places = await log.partitions([self._topic])
        begins = await log.since(places, since)
        # Last: what was there when anybody asked lies before these ends.
        extents = await log.extents(places)
        ends = {place: end for place, (_, end) in extents.items()}
        firsts = {place: ends[place] if first is None else first for place, first in begins.items()}
        self._window = going_on(self._window, firsts, ends)
        for place, extent in extents.items():
            await self._read(log, self._window, place, extent, wanted)
        found = self._window.found
        for one in self._taken:
            if not one.found.done():
                one.found.set_result({name: found[name] for name in one.wanted if name in found})
        self._taken = []

    async def _read(
        self, log: Spans, window: Window, place: Place, extent: tuple[int, int], wanted: frozenset[str]
    ) -> None:
        # What was there when it was looked last may be gone by now.
        first, end = max(window.ends[place], extent[0]), extent[1]
        if first >= end:
            return
        async for records in log.read(place, first, end):
            for record in records:
                command = record.header("ce_id")
                if command:
                    # Two occurrences lie in one partition: they have the same key.
                    window.add(command, Position(self._topic, place[1], record.offset or 0), wanted=command in wanted)
        window.ends[place] = end

    def _failed(self, error: BaseException) -> None:
        for one in [*self._taken, *self._asked]:
            if not one.found.done():
                one.found.set_exception(error)
        self._taken, self._asked = [], []
