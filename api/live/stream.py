"""One open stream: what is to be sent, and the sending. It asks nobody anything while its reader keeps up."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Protocol
from uuid import UUID

from muniment.api.live import frames
from muniment.api.live.frames import Frame
from muniment.api.live.watch import Watch
from muniment.projections.jobs.feed_mark import Mark, to_id

WAITING = 256
"""Events that wait for a reader at most; one who is slower reads them from the tables."""
STALLED_S = 60.0
"""A reader who takes in nothing for so long is gone, whatever his connection says."""
CLOSING_S = 1.5
"""Within which the last word has to be taken in when the process stops."""
Write = Callable[[bytes], Awaitable[None]]


class Source(Protocol):
    """What pushes to streams; see `Hub`."""

    def join(self, stream: "Stream") -> None:
        """Have a stream begin at the next look."""
        ...

    def part(self, stream: "Stream") -> None:
        """Push nothing more to a stream."""
        ...

    def admit(self, stream: "Stream") -> None:
        """Have a stream told, once it has joined, of the jobs of documents that it admits."""
        ...

    async def catch_up(self, stream: "Stream", write: Write) -> None:
        """Write what a stream missed until it can join."""
        ...


class Stream:
    """See the module. The hub pushes, the request's own task writes; there is no other task and no timer.

    Attributes:
        watch: What it is about.
        mark: How much its reader was told, as an event id; `None` before the first event.
        told_up_to: The same, to go on from.
        joined: Whether the hub pushes what happens.
        waiting: Of the jobs that it names, those that may be waiting in the queue: all, until it is told otherwise.
        admitting: Documents that came into its project and of whose jobs its reader was not told yet, in groups, in the
            order in which he is to be told.
        places: What it was told last of the queue: how many wait, and the places of some.

    """

    __slots__ = (
        "_behind",
        "_frames",
        "_hub",
        "_limit",
        "_over",
        "_wake",
        "admitting",
        "joined",
        "key_id",
        "mark",
        "places",
        "told_up_to",
        "waiting",
        "watch",
        "written_at",
    )

    def __init__(self, hub: Source, watch: Watch, key_id: str, mark: Mark | None, mark_id: str | None) -> None:
        self.watch = watch
        self.key_id = key_id
        self.mark = mark_id
        self.told_up_to = mark
        self.joined = False
        self.admitting: list[set[UUID]] = []
        self.waiting: set[UUID] = set(watch.only or ())
        self.places: tuple[int, Mapping[UUID, int]] | None = None
        self.written_at = monotonic()
        self._hub = hub
        self._behind = mark is not None
        self._over = False
        self._frames: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._limit: asyncio.Timeout | None = None

    def push(self, frame: Frame) -> None:
        """Have an event sent. A reader for whom too many wait already reads on from the tables."""
        if self._behind or self._over:
            return
        if len(self._frames) >= WAITING:
            self.fall_behind()
            return
        self._note(frame)
        self._frames.append(frame)
        self._wake.set()

    def open(self, opening: list[Frame]) -> None:
        """Begin with these events; from now on the hub pushes. They may be more than wait otherwise."""
        self.joined = True
        for frame in opening:
            self._note(frame)
        self._frames.extend(opening)
        self._wake.set()

    def admit(self, groups: list[set[UUID]]) -> None:
        """Have the jobs told of documents that came in, as they are, and from then on what becomes of them."""
        self.admitting = groups
        self._hub.admit(self)

    def admitted(self, frame: Frame) -> None:
        """Tell of them by this frame; what happens beyond it is pushed, as to all who listen."""
        self.watch.members.update(*self.admitting)
        self.push(frame)

    def fall_behind(self) -> None:
        """Read on from the tables: what waits is dropped and read again."""
        self._hub.part(self)
        self._frames.clear()
        self._behind = True
        if self.admitting:
            # It was told of them in what is dropped, or not yet: once more, when the rest was read.
            self.watch.members.difference_update(*self.admitting)
            self._hub.admit(self)
        self._wake.set()

    def begin_anew(self) -> None:
        """Tell the reader that his id leads nowhere, and begin with how things are."""
        self.mark = self.told_up_to = None
        self._behind = False
        self._frames.append(frames.reset())
        self._wake.set()

    def end(self, reason: str | None = None) -> None:
        """Send no more; with a reason, the reader is told to come back."""
        self._hub.part(self)
        if reason is not None:
            self._frames.append(frames.reconnect(reason))
            if self._limit is not None:
                self._limit.reschedule(asyncio.get_running_loop().time() + CLOSING_S)
        self._over = True
        self._wake.set()

    async def run(self, write: Write) -> None:
        """Send until it is over, or the reader stalls."""
        await self._write(write, frames.HELLO)
        while True:
            if self._behind and not self._over:
                await self._hub.catch_up(self, lambda data: self._write(write, data))
            elif not self.joined and not self._over:
                self._hub.join(self)
            if self._over and not self._frames:
                return
            await self._wake.wait()
            self._wake.clear()
            await self._drain(write)

    async def _drain(self, write: Write) -> None:
        while self._frames:
            taken = [self._frames.popleft() for _ in range(len(self._frames))]
            await self._write(write, b"".join(frame.data for frame in taken))
            self.told(taken)

    def told(self, sent: list[Frame]) -> None:
        """Remember up to where the reader was told; the end of a single job is the end of its stream."""
        for frame in reversed(sent):
            if frame.mark is not None:
                self.mark, self.told_up_to = frame.event_id, frame.mark
                break
        if any(frame.admits for frame in sent):
            # Though it may have fallen behind while that was sent.
            self.watch.members.update(*self.admitting)
            self.admitting = []
        if self.watch.job_id and any(frame.ended for frame in sent):
            self.end()

    def read_up_to(self, mark: Mark) -> None:
        """Remember how far a page from the tables went, whatever of it was to be told."""
        self.mark, self.told_up_to = to_id(mark), mark

    def caught_up(self) -> None:
        """Nothing is left to read from the tables but what the hub reads on joining."""
        self._behind = False
        self._wake.set()

    @property
    def over(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._over

    def _note(self, frame: Frame) -> None:
        only = self.watch.only or frozenset()
        for job_id, queued in frame.queued.items():
            if job_id in only:
                (self.waiting.add if queued else self.waiting.discard)(job_id)

    async def _write(self, write: Write, data: bytes) -> None:
        async with asyncio.timeout(CLOSING_S if self._over else STALLED_S) as self._limit:
            await write(data)
        self._limit = None
        self.written_at = monotonic()
