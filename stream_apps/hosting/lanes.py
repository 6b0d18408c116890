"""Lanes: records of one lane in order, lanes side by side, acknowledged in order. No broker in sight.

A slow record holds up its own lane, and the acknowledgement of what came after it in its partition. The work of other
lanes goes on until that partition has filled its share of the window, the work of other partitions beyond that.
Acknowledging only a contiguous prefix is what keeps a crash from losing the slow record: the next reader starts at it.

These lanes are inside a host. The lanes of a deployment (interactive, normal, bulk) each have hosts of their own.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from functools import partial

from muniment.schemas.record import Record
from muniment.stream_apps.hosting.rotation import fits
from muniment.stream_apps.hosting.shares import Shares
from muniment.stream_apps.hosting.turns import PlainTurns, SharedTurns, Turns
from muniment.stream_apps.hosting.window import Acknowledge, Entry, Partition, Window, settled_prefix

Work = Callable[[Record], Awaitable[object]]
Place = tuple[str, int | None]
SHARES = 16
"""A partition takes at most this part of the window, roughly: what was fetched already still comes in."""
PUT_OFF_AT_ONCE = 16
"""Records that are put off side by side: each is a send that the broker confirms."""


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
        shares: Shares | None = None,
    ) -> None:
        """`watch` is told how many records have come in (or, below 0, gone).

        `hold` is called when a partition has filled its share of the window, `go_on` when half of that is free again:
        whoever reads the log reads other partitions meanwhile, so that one slow record does not stop them, too.

        With `shares` there are twice as many turns: a key alone then has as many as it would have without.
        """
        self._work = work
        self._lane_of = lane_of
        self._shares = shares
        self._turns: Turns = PlainTurns(concurrency)
        if shares is not None:
            self._turns = SharedTurns(2 * concurrency, shares.key_of, shares.patience_s)
        self._putting_off = asyncio.Semaphore(PUT_OFF_AT_ONCE)
        self._keys: Counter[str] = Counter()
        self._window = Window(window, window_bytes)
        self._room = asyncio.Event()
        self._room.set()
        self._watch, self._hold, self._go_on = watch, hold, go_on
        self._lanes: dict[bytes, deque[Entry]] = {}
        share = partial(Window, max(1, window // SHARES), max(1, window_bytes // SHARES))
        self._partitions: dict[Place, Partition] = defaultdict(lambda: Partition(share()))
        self._tasks: set[asyncio.Task[None]] = set()
        self._epoch = 0
        self._open = asyncio.Event()
        self._open.set()
        self.crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def in_flight(self) -> int:
        """Records to work on between entering and acknowledgement; with shares, until they are settled."""
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
        entry = Entry(record, acknowledge)
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
            self._line_up(Entry(record, acknowledge, work=False, settled=True))
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
            self._keys.clear()
            self._watch(-self._window.entries)
            self._window.entries = self._window.weight = 0
            self._room.set()
            self._open.set()

    async def _walk(self, lane: bytes) -> None:
        waiting = self._lanes[lane]
        while waiting:
            entry = waiting[0]
            if not (entry.beyond or await self._worked(entry, waiting)) and waiting:
                self._let_go(entry)
                entry.beyond = True
            if entry.beyond:
                await self._put_off(entry, waiting)
            if not entry.settled:  # abandoned while it waited
                break
            if waiting:
                waiting.popleft()
            self._acknowledge(entry)
        if self._lanes.get(lane) is waiting:
            del self._lanes[lane]

    async def _worked(self, entry: Entry, waiting: deque[Entry]) -> bool:
        """Work on the record when it has a turn; `False` when it has had none in time, or was abandoned."""
        async with self._turns.one(entry.record) as given:
            if given and waiting:
                await self._work(entry.record)
                entry.settled = True
        return entry.settled

    async def _put_off(self, entry: Entry, waiting: deque[Entry]) -> None:
        assert self._shares is not None
        async with self._putting_off:
            if waiting:
                await self._shares.put_off(entry.record)
                entry.settled = True

    def _line_up(self, entry: Entry) -> None:
        place = entry.record.topic, entry.record.partition
        partition = self._partitions[place]
        partition.order.append(entry)
        if self._shares is not None and entry.work:
            key = self._shares.key_of(entry.record)
            # What is on its way out is in nobody's way.
            bounds = (self._keys, self._window.records), (partition.keys, partition.share.records)
            entry.beyond = not all(fits(keys[key], most - keys.total()) for keys, most in bounds)
            if not entry.beyond:
                self._keys[key] += 1
                partition.keys[key] += 1
        self._count(partition, entry.work, entry.weight)
        if partition.share.full and not partition.held:
            partition.held = True
            self._hold(place)

    def _acknowledge(self, settled: Entry) -> None:
        place = settled.record.topic, settled.record.partition
        partition = self._partitions[place]
        if self._shares is not None:
            self._leave_room(partition, settled)
        for entry in settled_prefix(partition.order):
            entry.acknowledge()
            self._count(partition, -entry.work, -entry.weight)
        if partition.held and self._may_go_on(partition):
            partition.held = False
            self._go_on(place)

    def _may_go_on(self, partition: Partition) -> bool:
        """Several keys may keep more than half of it for as long as they like: then what is free has to do."""
        return partition.share.half_empty if self._shares is None else not partition.share.full

    def _leave_room(self, partition: Partition, settled: Entry) -> None:
        """From here on it takes room by its bytes only: thousands may have to stand behind one that is slow."""
        if not settled.beyond:
            self._let_go(settled)
        weighed = settled.weight
        settled.work = False
        self._count(partition, -1, settled.weight - weighed)

    def _let_go(self, entry: Entry) -> None:
        """Count it no more among those that wait for a turn, or have one."""
        assert self._shares is not None
        key = self._shares.key_of(entry.record)
        for keys in (self._keys, self._partitions[entry.record.topic, entry.record.partition].keys):
            keys[key] -= 1
            if not keys[key]:
                del keys[key]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self.crashed.done():
            self.crashed.set_exception(task.exception() or RuntimeError())

    def _count(self, partition: Partition, entries: int, weight: int) -> None:
        partition.share.add(entries, weight)
        self._window.add(entries, weight)
        if self._window.full:
            self._room.clear()
        else:
            self._room.set()
        if entries:
            self._watch(entries)
