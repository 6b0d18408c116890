"""The one source of changes of a process: looks at the feed when told that it moved, and tells all open streams.

A stream joins in the very look in which its beginning is read, so what it is pushed afterwards is exactly the rest.
Readers who missed something, or are too slow, read from the tables page by page, a few at a time, and join then.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Self
from uuid import UUID

import structlog

from muniment.api.live import catching_up, frames
from muniment.api.live.audience import Audience
from muniment.api.live.catching_up import Now, Page, TooOld
from muniment.api.live.feed import Feed
from muniment.api.live.looking import JOIN_PAGE, PAGE, Seen, look
from muniment.api.live.stream import Stream
from muniment.api.live.watch import Watch
from muniment.api.problems.problem import Problem
from muniment.api.rows import job_answer
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.feed_mark import Mark, Partition, to_id
from muniment.projections.jobs.queries import JobRow
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import SSE_CONNECTIONS_OPEN

LOG = structlog.get_logger(__name__)
CONCERNED = frozenset({"jobs", "chunks"})
"""The read models whose moves can bring news: jobs change, and search comes to what they brought."""
JOIN_AT_ONCE = 64
READERS = 2
"""Streams that read from the tables at the same time: thousands that come back at once share these."""
GAP_S = 0.025
TICK_S = 1.0
PING_S = 15.0
QUEUE_S = 2.0
AWAY_S = 0.5
RETRY_AFTER_S = 10


class Hub:
    """An async context manager; `moved` is to be called with the name of every read model that has moved."""

    def __init__(self, feed: Feed, settings: ApiSettings) -> None:
        self._feed = feed
        self._settings = settings
        self._streams: set[Stream] = set()
        self._by_key: Counter[str] = Counter()
        self._joining: dict[Stream, None] = {}
        self._admitting: dict[Stream, None] = {}
        self._audiences: dict[str, Audience] = {}
        self._reached: dict[Partition, int] = {}
        self._wake = asyncio.Event()
        self._readers = asyncio.Semaphore(READERS)
        self._closing = False
        self._away = False
        self._looked_at = self._queued_at = self._pinged_at = monotonic()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start looking; as long as nobody listens, nothing is looked at."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and end what is open."""
        self.close()
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def moved(self, projection: str) -> None:
        """A read model has moved."""
        if projection in CONCERNED and (self._audiences or self._joining):
            self._wake.set()

    def close(self) -> None:
        """End all streams, each with a hint to come back; open no more."""
        self._closing = True
        for stream in tuple(self._streams):
            stream.end("shutting_down")

    def open(self, watch: Watch, key_id: str, mark: Mark | None = None, mark_id: str | None = None) -> Stream:
        """A new stream, to be run and then released.

        Raises:
            Problem: `too_many_streams` for this key or this process, `not_ready` when the process is stopping.

        """
        if self._closing:
            raise Problem("not_ready", "This instance is stopping; another one will answer.")
        most = self._settings.streams_per_key
        if self._by_key[key_id] >= most:
            raise _too_many(f"The key has {most} streams open already.")
        if len(self._streams) >= self._settings.streams_max:
            raise _too_many("This instance has as many streams open as it may.")
        stream = Stream(self, watch, key_id, mark, mark_id)
        self._streams.add(stream)
        self._by_key[key_id] += 1
        SSE_CONNECTIONS_OPEN.inc()
        return stream

    def release(self, stream: Stream) -> None:
        """Forget a stream whose connection has ended."""
        if stream not in self._streams:
            return
        self.part(stream)
        self._admitting.pop(stream, None)
        self._streams.discard(stream)
        self._by_key[stream.key_id] -= 1
        if not self._by_key[stream.key_id]:
            del self._by_key[stream.key_id]
        SSE_CONNECTIONS_OPEN.dec()

    def join(self, stream: Stream) -> None:
        """Have a stream begin at the next look."""
        self._joining[stream] = None
        self._wake.set()

    def admit(self, stream: Stream) -> None:
        """See `Source.admit`."""
        self._admitting[stream] = None
        self._wake.set()

    def part(self, stream: Stream) -> None:
        """Push nothing more to a stream."""
        self._joining.pop(stream, None)
        stream.joined = False
        audience = self._audiences.get(stream.watch.tenant)
        if audience is not None:
            audience.remove(stream)
            if audience.empty:
                del self._audiences[stream.watch.tenant]

    async def missed(self, watch: Watch, mark: Mark) -> bool:
        """Whether a reader with this mark has missed anything; one that is too old has."""
        async with self._feed.moment() as moment:
            try:
                page = await catching_up.missed(moment, watch, mark, JOIN_PAGE)
            except TooOld:
                return True
        return bool(page.frames) or page.more

    async def catch_up(self, stream: Stream, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Write what a stream missed, page by page, until little enough is left for it to join."""
        while not stream.over:
            mark = stream.told_up_to
            if mark is None:
                break
            try:
                async with self._readers, self._feed.moment() as moment:
                    page = await catching_up.missed(moment, stream.watch, mark, PAGE)
            except TooOld:
                stream.begin_anew()
                return
            except MunimentError:
                await write(frames.PING)
                await asyncio.sleep(AWAY_S)
                continue
            if page.frames:
                await write(b"".join(frame.data for frame in page.frames))
            stream.told(page.frames)
            stream.read_up_to(page.mark)
            if not page.more:
                break
        stream.caught_up()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            await asyncio.sleep(max(0.0, self._looked_at + GAP_S - monotonic()))
            self._wake.clear()
            self._keep_alive()
            if not self._audiences and not self._joining:
                continue
            try:
                await self._look_and_tell()
            except Exception as error:
                # The streams stay open and are told when it works again; what is no absence is a fault to be found.
                if not isinstance(error, MunimentError):
                    LOG.exception("live.failed")
                elif not self._away:
                    LOG.warning("live.away", code=str(error.code))
                self._away = True
                await asyncio.sleep(AWAY_S)
                self._wake.set()
            self._looked_at = monotonic()

    async def _look_and_tell(self) -> None:
        due = monotonic() - self._queued_at >= QUEUE_S
        joining = list(self._joining)[:JOIN_AT_ONCE]
        admitting = [stream for stream in self._admitting if stream.joined][:JOIN_AT_ONCE]
        async with self._feed.moment() as moment:
            seen = await look(moment, self._reached, self._audiences, joining, admitting, queues=due)
        if due and not seen.more:
            self._queued_at = monotonic()
        self._away = False
        self._tell(seen)

    def _keep_alive(self) -> None:
        now = monotonic()
        if now - self._pinged_at < TICK_S:
            return
        self._pinged_at = now
        for stream in tuple(self._streams):
            if now - stream.written_at > PING_S:
                stream.push(frames.Frame(frames.PING))

    def _tell(self, seen: Seen) -> None:
        """Tell what a look found. Nothing in here waits, so that nothing comes between."""
        self._tell_changes(seen)
        if seen.more:
            self._wake.set()
            return
        self._reached = seen.reached
        for audience in self._audiences.values():
            audience.telling.reached = self._reached
        for tenant, queue in seen.queues.items():
            if tenant in self._audiences:
                self._audiences[tenant].spread_queue(queue)
        for stream, documents, rows in seen.admitted:
            self._admit(stream, documents, rows, seen.at)
        for stream, begin in seen.beginnings:
            self._begin(stream, begin, seen)
        if seen.broken is not None:
            self._pass_by(seen.broken)
        if any(stream.joined for stream in self._admitting):
            self._wake.set()
        if self._joining or any(audience.telling.awaited for audience in self._audiences.values()):
            asyncio.get_running_loop().call_later(TICK_S / 4, self._wake.set)

    def _tell_changes(self, seen: Seen) -> None:
        for tenant, audience in list(self._audiences.items()):
            for news in audience.telling.release(seen.unseen.get(tenant, set()), seen.at):
                audience.spread(news)
        for change in seen.changes:
            self._reached[change.place[:2]] = change.place[2] + 1
            listening = self._audiences.get(change.tenant)
            if listening is not None:
                for news in listening.telling.tell(change, seen.unseen.get(change.tenant, set()), seen.at):
                    listening.spread(news)

    def _admit(self, stream: Stream, documents: frozenset[UUID], rows: Mapping[UUID, JobRow], at: datetime) -> None:
        if not stream.joined or documents != frozenset[UUID]().union(*stream.admitting):
            # Others have come in since: they are looked for by the next look.
            return
        self._admitting.pop(stream, None)
        if stream.admitting:
            telling = self._audiences[stream.watch.tenant].telling
            jobs = {i: job_answer(row, searchable=not telling.is_off(row.job_id)) for i, row in rows.items()}
            groups = [[jobs[i] for i in sorted(group) if i in jobs] for group in stream.admitting]
            mark = telling.mark(at)
            stream.admitted(frames.admitted(groups, mark, to_id(mark)))

    def _begin(self, stream: Stream, begin: Now | Page | None, seen: Seen) -> None:
        if self._joining.pop(stream, self) is self or stream.over:
            return
        tenant = stream.watch.tenant
        audience = self._audiences.get(tenant)
        if audience is None and tenant not in seen.off:
            # The last of its tenant left during the look: what was put off has to be read again.
            self.join(stream)
            return
        if audience is None:
            audience = Audience(self._reached)
            audience.telling.put_off(seen.off[tenant])
        if begin is None:
            stream.begin_anew()
        elif isinstance(begin, Page) and begin.more:
            stream.fall_behind()
        else:
            self._audiences[tenant] = audience
            audience.add(stream)
            stream.open(
                [*begin.frames, *map(frames.news, begin.telling.leave_to(audience.telling, seen.at))]
                if isinstance(begin, Page)
                else catching_up.snapshot(stream.watch, begin, audience.telling, seen.at)
            )

    def _pass_by(self, stream: Stream) -> None:
        """Let a stream whose beginning fails hold up nobody: once more without its mark, then not again."""
        self.part(stream)
        if stream.told_up_to is not None:
            stream.begin_anew()
        else:
            stream.end("failed")


def _too_many(detail: str) -> Problem:
    return Problem("too_many_streams", detail, headers={"Retry-After": str(RETRY_AFTER_S)})
