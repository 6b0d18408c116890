"""Pieces of drafts as they are written: the end of `muniment.jobs`, followed by each process that shows them.

What was said in the last minutes is kept, so that who comes late is told the text so far. The records are kept as they
lie on the log, sealed: with the key of a draft goes every piece of it that is in memory, too.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic, time
from types import TracebackType
from typing import Any, Self

from aiokafka import TopicPartition

from muniment.producers.topic_tail import Offsets, TopicTail
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftStreamed
from muniment.schemas.topics import JOBS

Key = tuple[str, str]
"""Tenant and job, as the headers of a record say them."""
BACK_S = 300.0
"""How far back a process that starts reads: drafts that were begun before it are told whole."""
SILENT_S = 600.0
"""A draft of which nothing was said for so long is not being written any more."""
BYTES_MOST = 32 * 1024 * 1024


class DraftMemory:
    """The last pieces of each draft, no more than `bytes_most` of all together: those least lately told of go first."""

    def __init__(self, bytes_most: int = BYTES_MOST) -> None:
        self._bytes_most = bytes_most
        self._bytes = 0
        self._drafts: OrderedDict[Key, tuple[float, list[Record]]] = OrderedDict()
        self._waiting: dict[Key, set[asyncio.Event]] = {}

    def take(self, record: Record, now: float) -> None:
        """Keep a record of `muniment.jobs`, if it is a piece, and wake those who wait for it. Twice is once."""
        if (record.header("ce_type") or "") != DraftStreamed.declaration.ce_type:
            return
        key = (record.header("tenant") or "", record.header("correlation_id") or "")
        _, pieces = self._drafts.get(key, (now, []))
        if pieces and (record.offset or 0) <= (pieces[-1].offset or 0):
            return
        pieces.append(record)
        self._bytes += _size(record)
        self._drafts[key] = (now, pieces)
        self._drafts.move_to_end(key)
        self._trim(now)
        self._wake(key)

    def pieces(self, key: Key, after: int = -1) -> Sequence[Record]:
        """The pieces of a draft beyond an offset, in order."""
        return [one for one in self._drafts.get(key, (0.0, []))[1] if (one.offset or 0) > after]

    def wait(self, key: Key, event: asyncio.Event) -> None:
        """Set the event whenever there is news of this draft."""
        self._waiting.setdefault(key, set()).add(event)

    def leave(self, key: Key, event: asyncio.Event) -> None:
        """Do not set it any more."""
        left = self._waiting.get(key, set())
        left.discard(event)
        if not left:
            self._waiting.pop(key, None)

    def wake_all(self) -> None:
        """Something has happened that may concern any draft."""
        for key in tuple(self._waiting):
            self._wake(key)

    def _wake(self, key: Key) -> None:
        for event in self._waiting.get(key, ()):
            event.set()

    def _trim(self, now: float) -> None:
        while self._drafts:
            last, pieces = next(iter(self._drafts.values()))
            if len(self._drafts) == 1 or (self._bytes <= self._bytes_most and now - last <= SILENT_S):
                return
            self._drafts.popitem(last=False)
            self._bytes -= sum(map(_size, pieces))


def _size(record: Record) -> int:
    return len(record.value) + sum(len(name) + len(value) for name, value in record.headers)


class DraftPieces(DraftMemory):
    """See the module. Use as an async context manager; a broker that is away is waited for, and holds up nobody."""

    def __init__(self, bootstrap: str, *, topic: str = JOBS.name, back_s: float = BACK_S) -> None:
        super().__init__()
        self._back_s = back_s
        self._tail = TopicTail(bootstrap, topic, self._taken, begins=self._lately, gone="latest")

    async def __aenter__(self) -> Self:
        """Begin to follow, in the background."""
        await self._tail.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self._tail.__aexit__(kind, error, trace)

    def _taken(self, record: Record) -> None:
        self.take(record, monotonic())

    async def _lately(self, consumer: Any, places: Sequence[TopicPartition]) -> Offsets:
        since = int((time() - self._back_s) * 1000)
        begins = await consumer.offsets_for_times(dict.fromkeys(places, since))
        ends = await consumer.end_offsets(places)
        return {place: begins[place].offset if begins.get(place) else ends[place] for place in places}
