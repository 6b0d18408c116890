"""Runs steps as Faust agents: the only file that touches Faust's stream.

Faust feeds and commits; it neither decodes nor sends. What makes that safe (see the decision record):
`noack()` with acknowledgements of our own, in order per partition, after the results are confirmed; an agent that
lets no exception out; the settings below. Records that Faust skips after a rebalance are acknowledged by its Python
iterator and not by its compiled one, so the compiled one is required.
"""

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import faust.streams
import structlog
from faust.exceptions import ConsumerNotStarted

from muniment.producers.urgency import working_for
from muniment.schemas.metadata import lane_of
from muniment.schemas.metrics import QUEUE_LENGTH
from muniment.schemas.record import Record
from muniment.schemas.topics import METADATA_AGE_MS
from muniment.stream_apps.hosting.app import App
from muniment.stream_apps.hosting.concerns import passes_by, topics_of
from muniment.stream_apps.hosting.consumer_thread import end_thread_of, set_flow, use_own_threads
from muniment.stream_apps.hosting.crashed import HostCrashed
from muniment.stream_apps.hosting.lanes import Lanes, Place
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.hosting.shares import room_of, shares_of
from muniment.stream_apps.step import Step

REBALANCE_MARGIN_S = 50.0
STOP_LIMIT_S = 8.0
LET_GO_EVERY_S = 0.1
DAY_S = 86_400
STOPPING = "faust-stop"
"""The name of the task that stops Faust; one that still runs at the end hangs."""
log = structlog.get_logger(__name__)


class FaustHost:
    """One Faust app, in a consumer group of its own, with one agent for each of its steps."""

    def __init__(
        self, name: str, steps: Iterable[Step], settler: Settler, settings: HostSettings, lane: str | None = None
    ) -> None:
        """`name` is that of the consumer group, `lane` the one to work through; without it, all."""
        if getattr(faust.streams, "_CStreamIterator", None) is None:
            raise RuntimeError("Faust's compiled stream iterator is missing: the Python one acknowledges what it skips")
        self.name = name
        self._lane = lane
        self._settler = settler
        self._settings = settings
        self._lanes: dict[str, Lanes] = {}
        self._rebalancing: asyncio.Task[object] | None = None
        self._last_record = time.time()
        self._left_generation: int | None = None
        self._stopping = False
        self._app: Any = None
        self._steps = tuple(steps)

    async def run(self) -> None:
        """Run until cancelled, then stop in order: running work may end, what is settled is committed.

        Raises:
            HostCrashed: when Faust or the wrapper ends by itself.

        """
        self._app = app = self._build()
        stopped: asyncio.Task[None] | None = None
        try:
            await app.start()
            stopped = asyncio.ensure_future(app.wait_until_stopped())
            ends = [stopped, *(lanes.crashed for lanes in self._lanes.values())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            reason = app.crash_reason or next((e.exception() for e in ends if e.done()), None)
            raise HostCrashed(f"{self.name}: {reason!r}")
        finally:
            if stopped is not None:
                stopped.cancel()
            await self._stop()

    def state(self) -> dict[str, object]:
        """What `/health` shows of this host."""
        consumer = getattr(self._app, "consumer", None) if self._app is not None and self._app.started else None
        try:
            assigned = consumer.assignment() if consumer is not None else ()
        except ConsumerNotStarted:
            # Faust calls the app started a moment before its consumer is.
            consumer, assigned = None, ()
        return {
            "host": "faust",
            "lane": self._lane or "all",
            "running": consumer is not None and not self._app.should_stop,
            "partitions": sorted(f"{tp.topic}:{tp.partition}" for tp in assigned),
            "rebalancing": bool(consumer is not None and self._app.rebalancing),
            "last_record_s": round(time.time() - self._last_record, 1),
            "in_flight": {name: lanes.in_flight for name, lanes in self._lanes.items()},
        }

    def _build(self) -> Any:
        settings = self._settings
        use_own_threads()
        app = App(
            settings.group(self.name),
            broker=[f"kafka://{address.strip()}" for address in settings.bootstrap.split(",")],
            autodiscover=False,
            web_enabled=False,
            key_serializer="raw",
            value_serializer="raw",
            processing_guarantee="at_least_once",
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=min(3.0, settings.session_timeout_s / 3),
            broker_rebalance_timeout=settings.rebalance_grace_s + REBALANCE_MARGIN_S,
            # A pause in polling longer than this makes a worker leave its group for good, quietly.
            broker_max_poll_interval=DAY_S,
            # With 50 of a batch over a buffer that calls itself full at 204 of 256, delivering never blocks.
            broker_max_poll_records=50,
            consumer_metadata_max_age_ms=METADATA_AGE_MS,
            stream_buffer_maxsize=256,
            stream_wait_empty=True,
            stream_recovery_delay=0.0,
            broker_commit_interval=1.0,
            cython_optimizations=True,
        )
        self._hear_rebalances(app)
        for step in self._steps:
            self._add_agent(app, step)
        return app

    def _hear_rebalances(self, app: Any) -> None:
        loop = asyncio.get_running_loop()
        tell_faust = app.on_rebalance_start

        def begin() -> None:
            tell_faust()
            # Called in the consumer's thread. From here on nothing of this generation may enter: what came before
            # it is dropped, and acknowledging it alone would commit over that.
            self._left_generation = app.consumer_generation_id
            loop.call_soon_threadsafe(self._abandon_for_rebalance)

        app.on_rebalance_start = begin

    def _abandon_for_rebalance(self) -> None:
        # Faust waits until all that its streams handed out is acknowledged or gone: without this, for as long as
        # the longest queue of work takes, while the members of the group kick each other out.
        if self._rebalancing is None or self._rebalancing.done():
            grace = self._settings.rebalance_grace_s
            self._rebalancing = asyncio.ensure_future(self._abandon(grace))

    async def _abandon(self, grace_s: float) -> None:
        await asyncio.gather(*(lanes.abandon(grace_s) for lanes in self._lanes.values()))
        self._let_go()
        # Records that were on their way to an agent arrive after that, and are as little to be waited for.
        while self._app.rebalancing:
            await asyncio.sleep(LET_GO_EVERY_S)
            self._let_go()

    def _let_go(self) -> None:
        """Empty the set of records that Faust waits for without end, as long as anybody (an agent's frame) holds them.

        It has no say in what is committed: that is the contiguous prefix of what was acknowledged.
        """
        if self._app.consumer is not None:
            self._app.consumer.unacked.clear()

    def _current(self, generation: int) -> bool:
        return generation == self._app.consumer_generation_id != self._left_generation and not self._stopping

    def _add_agent(self, app: Any, step: Step) -> None:
        async def work(record: Record) -> None:
            with working_for(lane_of(record)):
                await self._settler.settle(step, record)

        lanes = self._lanes[step.name] = Lanes(
            work,
            step.lane,
            concurrency=self._settings.concurrency_of(self._lane),
            window=room_of(step, self._settings.window),
            window_bytes=self._settings.window_bytes,
            watch=QUEUE_LENGTH.labels(step.name).inc,
            hold=partial(self._flow, held=True),
            go_on=partial(self._flow, held=False),
            shares=shares_of(step, partial(self._settler.put_off, step)),
        )

        async def agent(stream: Any) -> None:
            async for event in stream.noack().events():
                self._last_record = time.time()
                if not self._current(event.message.generation_id):
                    continue  # it comes again, to whoever has its partition now
                record = record_of(event.message)
                if passes_by(step, record, self._lane):
                    await lanes.pass_by(record, event.ack)
                else:
                    await lanes.enter(record, event.ack)

        topic = app.topic(
            *topics_of(step), key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        app.agent(topic, name=f"{step.name}-agent", concurrency=1)(agent)

    def _flow(self, place: Place, *, held: bool) -> None:
        topic, partition = place
        set_flow(self._app, topic, partition or 0, held=held)

    async def _stop(self) -> None:
        self._stopping = True
        if self._rebalancing is not None:
            self._rebalancing.cancel()
        try:
            await asyncio.gather(*(lanes.abandon(self._settings.stop_grace_s) for lanes in self._lanes.values()))
            await self._stop_app()
        finally:
            # Nothing to one that Faust has ended. What a stop leaves that was given up, or cancelled, or that took a
            # consumer for one that had never started, would go on reading in the place of who works.
            end_thread_of(self._app)

    async def _stop_app(self) -> None:
        # With the broker away Faust's stop hangs for more than 90 s and swallows a cancellation: it is left behind.
        stopping = asyncio.create_task(self._app.stop(), name=STOPPING)
        give_up_at = time.monotonic() + STOP_LIMIT_S
        while not stopping.done() and time.monotonic() < give_up_at:
            self._let_go()
            await asyncio.wait((stopping,), timeout=LET_GO_EVERY_S)
        if not stopping.done():
            log.warning("faust_stop_given_up", host=self.name, after_s=STOP_LIMIT_S)


def record_of(message: Any) -> Record:
    """A Faust message as a record."""
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Record(
        topic=message.topic,
        key=message.key or b"",
        value=message.value or b"",
        headers=tuple((name, bytes(value or b"")) for name, value in pairs),
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=round(message.timestamp * 1000) if message.timestamp is not None else None,
    )
