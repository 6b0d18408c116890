"""Lanes: records of one lane in order, lanes side by side, acknowledged in order. No broker in sight.

A slow record holds up its own lane, and the acknowledgement of what came after it in its partition. The work of other
lanes goes on until that partition has filled its share of the window, the work of other partitions beyond that.
Acknowledging only a contiguous prefix is what keeps a crash from losing the slow record: the next reader starts at it.

These lanes are inside a host. The lanes of a deployment (interactive, normal, bulk) each have hosts of their own.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from muniment.schemas.record import Record

Work = Callable[[Record], Awaitable[object]]
Acknowledge = Callable[[], object]
Place = tuple[str, int | None]
SHARES = 16
"""A partition takes at most this part of the window, roughly: what was fetched already still comes in."""
OVERHEAD_BYTES = 512
"""What a record that only waits its turn weighs besides its value."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A record in the window: waiting, running, or settled and not yet acknowledged."""

    record: Record
    acknowledge: Acknowledge
    work: bool = True
    settled: bool = False

    @property
    def weight(self) -> int:
        return len(self.record.value) + (0 if self.work else OVERHEAD_BYTES)


@dataclass(slots=True)
class _Window:
    """How much may be between entering and acknowledgement: records of work, and bytes of all that waits its turn."""

    records: int
    bytes: int
    entries: int = 0
    weight: int = 0

    def add(self, entries: int, weight: int) -> None:
        self.entries += entries
        self.weight += weight

    @property
    def full(self) -> bool:
        return self.entries >= self.records or self.weight >= self.bytes

    @property
    def half_empty(self) -> bool:
        return self.entries <= self.records // 2 and self.weight <= self.bytes // 2


@dataclass(slots=True)
class _Partition:
    """What has entered from a partition, in order, and how much of the window it may take."""

    share: _Window
    order: deque[_Entry] = field(default_factory=deque)
    held: bool = False


class Lanes:
    """Runs `work` over records, one at a time within a lane, at most `concurrency` at once.

    `work` may raise nothing but a cancellation: anything else is a defect of the wrapper, sets `crashed`, and
    leaves the record unacknowledged.
    """

    def __init__(
        self,
        work: Work,
        lane_of: Callable[[Record], bytes],
        *,
        concurrency: int = 16,
        window: int = 2048,
        window_bytes: int = 64 * 1024 * 1024,
        watch: Callable[[int], object] = lambda _: None,
        hold: Callable[[Place], object] = lambda _: None,
        go_on: Callable[[Place], object] = lambda _: None,
    ) -> None:
        """`watch` is told how many records have come in (or, below 0, gone).

        `hold` is called when a partition has filled its share of the window, `go_on` when half of that is free again:
        whoever reads the log reads other partitions meanwhile, so that one slow record does not stop them, too.
        """
        self._work = work
        self._lane_of = lane_of
        self._slots = asyncio.Semaphore(concurrency)
        self._window = _Window(window, window_bytes)
        self._room = asyncio.Event()
        self._room.set()
        self._watch, self._hold, self._go_on = watch, hold, go_on
        self._lanes: dict[bytes, deque[_Entry]] = {}
        share = partial(_Window, max(1, window // SHARES), max(1, window_bytes // SHARES))
        self._partitions: dict[Place, _Partition] = defaultdict(lambda: _Partition(share()))
        self._tasks: set[asyncio.Task[None]] = set()
        self._epoch = 0
        self._open = asyncio.Event()
        self._open.set()
        self.crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def in_flight(self) -> int:
        """Records to work on between entering and acknowledgement."""
        return self._window.entries

    @property
    def full(self) -> bool:
        """Whether `enter` would wait."""
        return self._window.full or not self._open.is_set()

    async def has_room(self) -> None:
        """Wait until `enter` would not."""
        while self.full:
            await self._room.wait()
            await self._open.wait()

    async def enter(self, record: Record, acknowledge: Acknowledge) -> None:
        """Take a record in, waiting while the window is full. Call it in the order of the log.

        `acknowledge` is called when this record and all that entered before it from its partition are settled.
        """
        epoch = self._epoch
        await self.has_room()
        if epoch != self._epoch:
            # Abandoned while it waited at the door: it comes again to whoever has its partition now.
            return
        entry = _Entry(record, acknowledge)
        self._line_up(entry)
        lane = self._lane_of(record)
        waiting = self._lanes.get(lane)
        if waiting is not None:
            waiting.append(entry)
            return
        self._lanes[lane] = deque((entry,))
        task = asyncio.create_task(self._walk(lane))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def pass_by(self, record: Record, acknowledge: Acknowledge) -> None:
        """Take note of a record that needs no work, only its turn in the order of acknowledgement.

        It takes up room by its bytes alone: thousands of them may have to stand behind one slow record.
        """
        epoch = self._epoch
        if self.full and self._partitions[record.topic, record.partition].order:
            await self.has_room()
        else:
            await self._open.wait()
        if epoch != self._epoch:
            return
        if self._partitions[record.topic, record.partition].order:
            self._line_up(_Entry(record, acknowledge, work=False, settled=True))
        else:
            acknowledge()

    async def abandon(self, grace_s: float) -> None:
        """Drop what has not begun, let what runs end within `grace_s`, cancel the rest; nothing of it is acknowledged.

        For when the partitions go to somebody else, who will read again from the last acknowledgement.
        """
        self._open.clear()
        self._epoch += 1
        try:
            for waiting in self._lanes.values():
                waiting.clear()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=grace_s)
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self._lanes.clear()
            # Whoever reads on does so from a new assignment, in which nothing is held.
            self._partitions.clear()
            self._watch(-self._window.entries)
            self._window.entries = self._window.weight = 0
            self._room.set()
            self._open.set()

    async def _walk(self, lane: bytes) -> None:
        waiting = self._lanes[lane]
        while waiting:
            async with self._slots:
                if not waiting:  # abandoned while waiting for the slot
                    break
                entry = waiting[0]
                await self._work(entry.record)
            entry.settled = True
            if waiting:
                waiting.popleft()
            self._acknowledge(entry.record)
        if self._lanes.get(lane) is waiting:
            del self._lanes[lane]

    def _line_up(self, entry: _Entry) -> None:
        place = entry.record.topic, entry.record.partition
        partition = self._partitions[place]
        partition.order.append(entry)
        self._count(partition, entry.work, entry.weight)
        if partition.share.full and not partition.held:
            partition.held = True
            self._hold(place)

    def _acknowledge(self, record: Record) -> None:
        place = record.topic, record.partition
        partition = self._partitions[place]
        for entry in _settled_prefix(partition.order):
            entry.acknowledge()
            self._count(partition, -entry.work, -entry.weight)
        if partition.held and partition.share.half_empty:
            partition.held = False
            self._go_on(place)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self.crashed.done():
            self.crashed.set_exception(task.exception() or RuntimeError())

    def _count(self, partition: _Partition, entries: int, weight: int) -> None:
        partition.share.add(entries, weight)
        self._window.add(entries, weight)
        if self._window.full:
            self._room.clear()
        else:
            self._room.set()
        if entries:
            self._watch(entries)


def _settled_prefix(order: deque[_Entry]) -> Iterator[_Entry]:
    while order and order[0].settled:
        yield order.popleft()
