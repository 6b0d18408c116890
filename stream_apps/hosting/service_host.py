"""Runs one step as a plain aiokafka service: for work of a minute, and wherever Faust is not wanted."""

import asyncio
import contextlib
import time
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.urgency import working_for
from muniment.schemas.metadata import lane_of
from muniment.schemas.metrics import QUEUE_LENGTH
from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_CARRIED_BYTES, METADATA_AGE_MS
from muniment.stream_apps.hosting.concerns import passes_by, topics_of
from muniment.stream_apps.hosting.crashed import HostCrashed
from muniment.stream_apps.hosting.lanes import Lanes, Place, Work
from muniment.stream_apps.hosting.pace import Pace, Wakefulness
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.shares import room_of, shares_of
from muniment.stream_apps.step import Step

POLL_MS = 1000
FETCH_WAIT_MS = 1000
"""How long the broker keeps a request for which it has nothing. It answers as soon as there is one byte; a partition
that was held when the request was sent waits for as long when it goes on, if no other brings anything."""
LOOK_ROUND_MS = 1000
"""How often aiokafka looks round by itself. All that it waits for wakes it before; five times a second, as it does
unasked, twenty consumers with nothing to do took about a fifth of what the workers use at rest."""
COMMIT_EVERY_S = 0.5
COMMIT_PASSED_S = 2.0
"""The same where nothing was worked on: after a crash those records only pass by once more."""
STOP_LIMIT_S = 6.0
DAY_MS = 86_400_000
_LEAVING: set[asyncio.Task[None]] = set()
"""Members that are still leaving their groups, after their hosts have ended."""
log = structlog.get_logger(__name__)


class ServiceHost(ConsumerRebalanceListener):  # type: ignore[misc]
    """A consumer of its own group that feeds lanes, and commits what they have acknowledged.

    `work` settles one record; `name` is that of the group unless it is to be the step's; `lane` is the one to work
    through; without it, all. `wakefulness` is what it shares with the lane's other hosts of the process. `put_off`
    settles a record that has no turn for now: with it, a step that is `shared` gives each tenant its share.
    """

    def __init__(
        self,
        step: Step,
        work: Work,
        settings: HostSettings,
        *,
        name: str = "",
        lane: str | None = None,
        wakefulness: Wakefulness | None = None,
        put_off: Work | None = None,
    ) -> None:
        self.name = name or step.name
        self._step = step
        self._lane = lane
        self._group = settings.group(self.name)
        self._settings = settings

        async def urgently(record: Record) -> None:
            with working_for(lane_of(record)):
                await work(record)

        self._lanes = Lanes(
            urgently,
            step.lane,
            concurrency=settings.concurrency_of(lane),
            window=room_of(step, settings.window),
            window_bytes=settings.window_bytes,
            watch=QUEUE_LENGTH.labels(step.name).inc,
            hold=self._hold,
            go_on=self._go_on,
            shares=shares_of(step, put_off),
        )
        self._consumer: Any = None
        self._done: dict[TopicPartition, int] = {}
        self._worked = False
        self._most = settings.concurrency * 2
        self._wakefulness = wakefulness or Wakefulness()
        self._pace = Pace(lane, self._wakefulness, most=self._most)
        self._last_poll = time.time()
        self._generation = 0

    async def run(self) -> None:
        """Run until cancelled; then running work may end, and what is settled is committed.

        Raises:
            HostCrashed: when the wrapper or the consumer ends by itself.

        """
        self._consumer = self._connect()
        self._consumer.subscribe(topics_of(self._step), listener=self)
        tasks: list[asyncio.Future[Any]] = []
        try:
            await self._consumer.start()
            tasks = [asyncio.ensure_future(self._feed()), asyncio.ensure_future(self._commit_often())]
            ends = [*tasks, self._lanes.crashed]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            reason = next((e.exception() for e in ends if e.done()), None)
            raise HostCrashed(f"{self.name}: {reason!r}")
        except KafkaError as error:
            raise HostCrashed(f"{self.name}: {error!r}") from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._lanes.abandon(self._settings.stop_grace_s)
            await self._leave()

    def state(self) -> dict[str, object]:
        """What `/health` shows of this host."""
        assigned = self._consumer.assignment() if self._consumer is not None else ()
        return {
            "host": "service",
            "lane": self._lane or "all",
            "running": self._consumer is not None,
            "partitions": sorted(f"{tp.topic}:{tp.partition}" for tp in assigned),
            "last_poll_s": round(time.time() - self._last_poll, 1),
            "in_flight": {self.name: self._lanes.in_flight},
        }

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Let running work end for a while, commit what is settled, forget the rest."""
        self._generation += 1
        if revoked:
            await self._lanes.abandon(self._settings.rebalance_grace_s)
            await self._commit()
        self._done.clear()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """A new assignment starts from what is committed."""
        log.info("assigned", host=self.name, partitions=len(assigned))

    async def _leave(self) -> None:
        # With the broker away both take minutes, and what is not committed is only done again.
        async def leave() -> None:
            await self._commit()
            await stop_consumer(self._consumer)

        leaving = asyncio.create_task(leave())
        if not (await asyncio.wait({leaving}, timeout=STOP_LIMIT_S))[0]:
            log.warning("service_stop_given_up", host=self.name, after_s=STOP_LIMIT_S)
            # Nobody waits for it any more, but it goes on for as long as the process does: a member whose leaving was
            # cut short goes on telling its group that it lives, and keeps partitions that nobody works on.
            _LEAVING.add(leaving)
            leaving.add_done_callback(_left)

    def _connect(self) -> Any:
        settings = self._settings
        return AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=round(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=round(min(3.0, settings.session_timeout_s / 3) * 1000),
            rebalance_timeout_ms=round((settings.rebalance_grace_s + 50) * 1000),
            max_poll_interval_ms=DAY_MS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            consumer_timeout_ms=LOOK_ROUND_MS,
            max_partition_fetch_bytes=MAX_CARRIED_BYTES,
            metadata_max_age_ms=METADATA_AGE_MS,
        )

    async def _feed(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=self._most)
            self._last_poll = time.time()
            generation, own = self._generation, 0
            for place, messages in batches.items():
                for message in messages:
                    # With the window full this waits, and no more is fetched meanwhile: heartbeats and rebalances
                    # do not depend on polling here. What was fetched before a rebalance is read again after it.
                    if generation == self._generation:
                        own += await self._enter(record_of(message), place)
            rest_s = self._pace.looked(sum(map(len, batches.values())), own, time.monotonic())
            if rest_s:
                await self._wakefulness.rest(rest_s)

    async def _enter(self, record: Record, place: TopicPartition) -> bool:
        """Take a record in; whether there is anything to do for it here."""
        offset = record.offset or 0
        if passes_by(self._step, record, self._lane):
            await self._lanes.pass_by(record, partial(self._passed, place, offset))
            return False
        await self._lanes.enter(record, partial(self._settled, place, offset))
        return True

    def _hold(self, place: Place) -> None:
        with contextlib.suppress(IllegalStateError):  # it has just gone to somebody else
            self._consumer.pause(TopicPartition(*place))

    def _go_on(self, place: Place) -> None:
        with contextlib.suppress(IllegalStateError):
            self._consumer.resume(TopicPartition(*place))

    def _passed(self, place: TopicPartition, offset: int) -> None:
        self._done[place] = offset + 1

    def _settled(self, place: TopicPartition, offset: int) -> None:
        self._done[place] = offset + 1
        self._worked = True

    async def _commit_often(self) -> None:
        waited_s = 0.0
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            waited_s += COMMIT_EVERY_S
            if self._worked or waited_s >= COMMIT_PASSED_S:
                self._worked, waited_s = False, 0.0
                await self._commit()

    async def _commit(self) -> None:
        held = self._consumer.assignment()
        ready = {place: offset for place, offset in self._done.items() if place in held}
        if not ready:
            return
        try:
            await self._consumer.commit(ready)
        except (CommitFailedError, IllegalStateError):
            log.info("commit_too_late", host=self.name)
            return
        except KafkaError as error:
            # Not committed is only done again: the next commit carries the same offsets.
            log.warning("commit_failed", host=self.name, kind=type(error).__name__)
            return
        for place, offset in ready.items():
            if self._done.get(place) == offset:
                del self._done[place]


def _left(leaving: "asyncio.Task[None]") -> None:
    _LEAVING.discard(leaving)
    if not leaving.cancelled() and leaving.exception() is not None:
        log.warning("leaving_failed", kind=type(leaving.exception()).__name__)
