"""How many records wait, where offsets alone may mislead: the marker that ends a transaction has one, too.

A redrive writes to the redelivery topics in transactions. No reader is given their markers, and so none acknowledges
the one at the end of a partition: without a look, it would wait there for ever.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition

from muniment.schemas.topics import REDELIVERY

MARKED = frozenset(topic.name for topic in REDELIVERY.values())
"""Topics that are written to in transactions."""
FEW = 3
"""So few offsets may all be markers; where more wait, one or two do not change what is said."""
LOOK_MS = 100
LIMIT_S = 0.5
Span = tuple[TopicPartition, int, int]
"""A partition, what was acknowledged of it, and its end."""


def spans(done: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> list[Span]:
    """Where something waits: not where nothing was ever acknowledged (below 0), or where the end is older than that."""
    return [(place, at, ends[place]) for place, at in done.items() if 0 <= at < ends.get(place, at)]


class Unread:
    """Counts records in spans. Looks once at most at each, and only at those that may hold nothing but markers."""

    def __init__(self, consumer: Any, *, marked: Collection[str] = MARKED) -> None:
        """`consumer` is an `aiokafka` consumer without a group that reads nothing else."""
        self._consumer = consumer
        self._marked = marked
        self._known: dict[Span, int] = {}

    async def look(self, asked: Collection[Span]) -> None:
        """Look at all of these at once; what is not found out within `LIMIT_S` counts by its offsets.

        Raises what the consumer raises.
        """
        wanted = {span for span in asked if span[0].topic in self._marked and span[2] - span[1] <= FEW}
        self._known = {span: n for span, n in self._known.items() if span in wanted}
        new = wanted - self._known.keys()
        if not new:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                offsets = await self._offsets(new)
                for span in new:
                    self._known[span] = sum(span[1] <= offset < span[2] for offset in offsets[span[0]])

    def records(self, asked: Collection[Span]) -> int:
        """How many records there are in these, as far as is known."""
        return sum(self._known.get(span, span[2] - span[1]) for span in asked)

    async def _offsets(self, new: Collection[Span]) -> dict[TopicPartition, list[int]]:
        """The offsets of all records in the partitions of these."""
        ends = {place: end for place, _, end in new}
        found: dict[TopicPartition, list[int]] = {place: [] for place in ends}
        self._consumer.assign(list(ends))
        try:
            for place in ends:
                self._consumer.seek(place, min(start for one, start, _ in new if one == place))
            while left := [place for place in ends if await self._consumer.position(place) < ends[place]]:
                for place, messages in (await self._consumer.getmany(*left, timeout_ms=LOOK_MS)).items():
                    found[place] += [message.offset for message in messages]
        finally:
            self._consumer.unsubscribe()
        return found
