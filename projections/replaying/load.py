"""Fold the log into a schema up to exact places, on several lanes side by side.

A lane is a consumer without a group and a connection of its own, for its share of the partition numbers: the records of
one document lie in the same partition of all topics, so one lane has them all. The checkpoints of the schema say how
far each partition came; whoever is killed goes on from there.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.postgres import FAILURES
from muniment.projections import checkpoint, sources
from muniment.projections.away import is_away
from muniment.projections.batch import Decoder, Place, decoded
from muniment.projections.checkpoint import Partition
from muniment.projections.config import ProjectionsConfig
from muniment.projections.database import connect
from muniment.projections.fold import fold
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying.share import Apart, Share
from muniment.projections.replaying.turn import keep_alive
from muniment.schemas.record import Record

log = logging.getLogger(__name__)
BATCH = 4000
AWAY_S = 60.0
_PAUSE_S = 0.5
Wanted = Callable[[Record], bool]


class Stopped(Exception):
    """The replay was asked to stop; everything folded so far is committed."""


class LogTooShort(Exception):
    """The log ends before what was folded from it: it was restored from an older state, cut, or made anew."""

    def __init__(self, place: Partition, ends_at: int, folded_to: int) -> None:
        self.place, self.ends_at, self.folded_to = place, ends_at, folded_to
        self.told = (
            f"{place[0]}:{place[1]} ends at {ends_at}, but was folded up to {folded_to}: the log has lost its end, or"
            " was made anew"
        )
        super().__init__(f'{self.told}; restore it, or see docs/replay.md, "A log that is too short"')


@dataclass
class Lane:
    """One consumer with its partitions, and the connection it folds on."""

    source: Any
    connection: Connection
    partitions: tuple[TopicPartition, ...]


@dataclass
class Load:
    """See the module. Use as an async context manager.

    Attributes:
        schema: Where to fold to.
        lanes: How many are read side by side.
        passed: Places that are not folded: those that operators have skipped.
        doubted: Places that are passed by only if they cannot be folded here: those that continuous work has parked.
        unfolded: Those of them that could not be folded.
        foldable: Those of them that could.
        alone: Why this process folds what others were to fold; empty when it does not.
        wanted: Which records are folded at all; the others are only passed.
        numbers: Only these partitions (numbers by topic); `None` for all.
        on_batch: Called with the number of records after each batch.
        pace: Called with the number of records after each batch; may wait, to bound what is asked of others.
        stop: Raise `Stopped` between two batches once it is set.
        apart: How to have the lanes in processes of their own where there is much to fold; `None` for never.
        batch: Records in one transaction, at most; what the consumer holds in memory bounds large ones earlier.

    """

    projection: Projection
    config: ProjectionsConfig
    decoder: Decoder
    schema: str
    lanes: int = 1
    passed: Collection[Place] = frozenset()
    doubted: Collection[Place] = frozenset()
    unfolded: set[Place] = field(default_factory=set)
    foldable: set[Place] = field(default_factory=set)
    wanted: Wanted | None = None
    numbers: Mapping[str, Collection[int]] | None = None
    on_batch: Callable[[int], None] = lambda _: None
    pace: Callable[[int], Any] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    apart: Apart | None = None
    batch: int = field(default_factory=lambda: BATCH)
    begins: dict[Partition, int] = field(default_factory=dict)
    done: int = 0
    alone: str = ""
    _offsets: Any = None
    """A consumer that fetches nothing, to ask where the log begins and ends: of one that does, the broker hears the
    question after the fetch that is under way, which at the end of the log takes a quarter of a second."""
    _open: list[Lane] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Connect, and go to the checkpoints."""
        try:
            await self._enter()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        await self._stack.aclose()

    @property
    def partitions(self) -> set[Partition]:
        """What is read, by the topics' own names."""
        return {self.place(p) for lane in self._open for p in lane.partitions}

    def told(self, phase: str) -> str:
        """A phase, with why this process folds alone what others were to fold."""
        return f"{phase}, in one process ({self.alone})" if self.alone and phase in {"loading", "folding"} else phase

    @property
    def cut_short(self) -> frozenset[str]:
        """Topics that have lost their first records to retention."""
        return frozenset(topic for (topic, _), first in self.begins.items() if first > 0)

    async def ends(self) -> dict[Partition, int]:
        """Where the log ends now."""
        ends = await self._offsets.end_offsets([p for lane in self._open for p in lane.partitions])
        return {self.place(p): end for p, end in ends.items()}

    async def lost(self, goal: Mapping[Partition, int]) -> list[LogTooShort]:
        """Where the log ends before the goal: nobody would ever come to it."""
        ends = sorted((await self.ends()).items())
        return [LogTooShort(place, end, goal[place]) for place, end in ends if end < goal.get(place, 0)]

    async def to(self, ends: Mapping[Partition, int]) -> None:
        """Fold until these offsets are reached, and not one record further.

        Raises:
            LogTooShort: The log ends before that; nothing is folded.
            PoisonRecord: A record cannot be folded; everything before it in its partition is.
            Stopped: `stop` was set.

        """
        if lost := await self.lost(ends):
            raise lost[0]
        await self._apart_to(ends)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._open:
                    mine = {p: ends[self.place(p)] for p in lane.partitions if self.place(p) in ends}
                    group.create_task(self._lane_to(lane, mine))
        except BaseExceptionGroup as group:
            # What made one lane fail is what is told; the others were only stopped with it.
            raise min(group.exceptions, key=lambda e: isinstance(e, Stopped)) from None

    def place(self, partition: TopicPartition) -> Partition:
        """A partition by its topic's own name."""
        return partition.topic.removeprefix(self.config.topic_prefix), partition.partition

    async def _enter(self) -> None:
        names = sources.topic_names(self.projection, self.config.topic_prefix)
        self._offsets = await self._consumer()
        found = [p for p in await sources.partitions(self._offsets, names) if self._is_mine(p)]
        lanes = max(1, min(self.lanes, len({p.partition for p in found})))
        for number in range(lanes):
            source = await self._consumer()
            connection = await connect(self.config.database_url, f"replay {self.projection.name}")
            # It says nothing for as long as others fold, and nobody on the way may take it for dead.
            await keep_alive(connection)
            self._stack.push_async_callback(_closed, connection)
            share = tuple(p for p in found if p.partition % lanes == number)
            source.assign(share)
            self._open.append(Lane(source, connection, share))
        await checkpoint.ensure(self._open[0].connection, self.schema, [self.place(p) for p in found])
        firsts = await self._offsets.beginning_offsets(found)
        self.begins |= {self.place(p): offset for p, offset in firsts.items()}
        for lane in self._open:
            await self._seek(lane)

    async def _consumer(self) -> Any:
        source = sources.consumer(
            self.config.bootstrap, group=None, client_id=f"muniment-replay-{self.projection.name}"
        )
        self._stack.push_async_callback(stop_consumer, source)
        await source.start()
        return source

    def _is_mine(self, partition: TopicPartition) -> bool:
        topic, number = self.place(partition)
        return self.numbers is None or number in self.numbers.get(topic, ())

    async def _seek(self, lane: Lane) -> None:
        positions = await checkpoint.read(lane.connection, self.schema)
        for partition in lane.partitions:
            place = self.place(partition)
            # Retention may have cut the head of a topic that is not audited.
            lane.source.seek(partition, max(positions[place], self.begins[place]))

    async def _apart_to(self, ends: Mapping[Partition, int]) -> None:
        """Have most of it folded by processes, where that is worth it; then go to where they came."""
        # Each process would know of the places that it has passed by; and of what is wanted, a pickle cannot tell.
        if self.apart is None or self.doubted or self.wanted is not None or self.stop.is_set():
            return
        at = await checkpoint.read(self._open[0].connection, self.schema)
        if total(ends, {p: max(at[p], self.begins[p]) for p in self.partitions}, self.partitions) < self.apart.least:
            return
        whole = Share(self.projection, self.config, self.schema, dict(ends), self.passed, self.batch)
        shares = whole.split(min(len(self._open), self.apart.most))
        if len(shares) == 1:
            return
        for lane in self._open:
            lane.source.pause(*lane.partitions)
        self.alone = await self.apart.fold(shares, self._folded, self.stop)
        for lane in self._open:
            await self._seek(lane)
            lane.source.resume(*lane.partitions)

    async def _lane_to(self, lane: Lane, ends: dict[TopicPartition, int]) -> None:
        left = dict(ends)
        while True:
            left = {p: end for p, end in left.items() if await lane.source.position(p) < end}
            if not left:
                break
            if self.stop.is_set():
                raise Stopped
            fetched = await lane.source.getmany(*left, timeout_ms=200, max_records=self.batch)
            records = self._within(lane, fetched, ends)
            if records:
                await self._fold(lane, records)
        # A marker of a transaction, or nothing at all, may be what lies before the end.
        await checkpoint.advance(lane.connection, self.schema, {self.place(p): end for p, end in ends.items()})

    def _within(self, lane: Lane, fetched: Mapping[Any, Sequence[Any]], ends: Mapping[Any, int]) -> list[Record]:
        """What was fetched before the ends; the rest is fetched again when it is asked for."""
        kept = []
        for partition, messages in fetched.items():
            if messages[-1].offset < ends[partition]:
                kept.append(messages)
                continue
            lane.source.seek(partition, ends[partition])
            kept.append([m for m in messages if m.offset < ends[partition]])
        return sources.records(kept, self.config.topic_prefix)

    async def _fold(self, lane: Lane, records: Sequence[Record]) -> None:
        waited = 0.0
        while True:
            try:
                async with lane.connection.transaction():
                    # Before keys are looked up: an erasure waits for this lock once its keys are gone, and empties this
                    # schema then. A text that was opened before must not come in after that.
                    await checkpoint.lock(lane.connection, self.schema, {_partition(r) for r in records})
                    entries = await decoded(records, self.projection, self.decoder, self.passed, self.wanted)
                    done = await fold(
                        lane.connection, self.projection, self.schema, entries, rebuilding=True, doubted=self.doubted
                    )
            except (KafkaError, *FAILURES) as error:
                # Two lanes may wait for each other over a row that both touch: one is rolled back, and folds again.
                if lane.connection.is_closed() or not is_away(error) or waited >= AWAY_S:
                    raise
                waited += _PAUSE_S
                await asyncio.sleep(_PAUSE_S)
            else:
                break
        self.unfolded |= done.passed
        if self.doubted:
            tried = {(*e.partition, e.offset) for e in entries if e.item is not None}
            self.foldable |= tried.intersection(self.doubted) - done.passed
        self._folded(len(records))
        if self.pace is not None:
            await self.pace(len(records))

    def _folded(self, records: int) -> None:
        self.done += records
        self.on_batch(records)


def _partition(record: Record) -> Partition:
    return record.topic, record.partition or 0


async def _closed(connection: Connection) -> None:
    connection.terminate()


def total(ends: Mapping[Partition, int], begins: Mapping[Partition, int], places: Iterable[Partition]) -> int:
    """How many records lie between two vectors, at most: markers and gaps count."""
    return sum(max(0, ends.get(p, 0) - begins.get(p, 0)) for p in places)
