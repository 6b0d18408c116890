"""Moves records from the retry tiers back to their steps: a bare aiokafka consumer beside the Faust apps.

Each partition of a tier holds records of one constant delay, so its head is the next one due. A partition whose
carrier holds enough is paused while polling goes on; what is moved is confirmed, then committed.
"""

import asyncio
import time
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.publisher import Publisher
from muniment.schemas.topics import MAX_CARRIED_BYTES, METADATA_AGE_MS, RETRY_TIERS
from muniment.stream_apps.retrying.carrier import Carrier
from muniment.stream_apps.retrying.policy import Limits

POLL_MS = 50
IDLE_POLL_MS = 500
MAX_POLL_RECORDS = 500
DAY_MS = 86_400_000
TIER_OF = {topic.name: tier for tier, topic in enumerate(RETRY_TIERS)}
log = structlog.get_logger(__name__)


class MoverCrashed(RuntimeError):
    """The mover ended by itself."""


class Mover(ConsumerRebalanceListener):  # type: ignore[misc]
    """Run two of them for availability: they share the tiers' partitions."""

    def __init__(
        self,
        bootstrap: str,
        publisher: Publisher,
        *,
        group: str = "muniment.retrying",
        limits: Limits | None = None,
        session_timeout_s: float = 10.0,
    ) -> None:
        self._bootstrap = bootstrap
        self._publisher = publisher
        self._group = group
        self._limits = limits or Limits()
        self._session_timeout_s = session_timeout_s
        self._carriers: dict[TopicPartition, Carrier] = {}
        self._paused: set[TopicPartition] = set()
        self._consumer: Any = None
        self._last_poll = time.time()

    async def run(self) -> None:
        """Run until cancelled; batches under way end, confirmed and committed.

        Raises:
            MoverCrashed: when the consumer or a carrier ends by itself.

        """
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=round(self._session_timeout_s * 1000),
            heartbeat_interval_ms=round(min(3.0, self._session_timeout_s / 3) * 1000),
            rebalance_timeout_ms=30_000,
            max_poll_interval_ms=DAY_MS,
            max_partition_fetch_bytes=MAX_CARRIED_BYTES,
            metadata_max_age_ms=METADATA_AGE_MS,
        )
        self._consumer.subscribe(list(TIER_OF), listener=self)
        try:
            await self._consumer.start()
            while True:
                await self._turn()
        except KafkaError as error:
            raise MoverCrashed(f"{self._group}: {error!r}") from error
        finally:
            await self._close(list(self._carriers))
            await stop_consumer(self._consumer)

    def state(self) -> dict[str, object]:
        """What `/health` shows of it."""
        return {
            "host": "mover",
            "running": self._consumer is not None and time.time() - self._last_poll < self._session_timeout_s,
            "partitions": sorted(f"{tp.topic}:{tp.partition}" for tp in self._carriers),
            "last_poll_s": round(time.time() - self._last_poll, 1),
            "in_flight": {"retrying": sum(c.waiting for c in self._carriers.values())},
        }

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """End the batches under way; what still waits is read again by its next owner."""
        await self._close(list(revoked))

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Start a carrier for each partition."""
        await self._close(list(self._carriers))
        for place in assigned:
            self._carriers[place] = Carrier(
                TIER_OF[place.topic], self._publisher, self._limits, partial(self._commit, place)
            )

    async def _turn(self) -> None:
        batches = await self._consumer.getmany(
            timeout_ms=POLL_MS if self._paused else IDLE_POLL_MS, max_records=MAX_POLL_RECORDS
        )
        self._last_poll = time.time()
        for place, messages in batches.items():
            carrier = self._carriers.get(place)
            if carrier is None:
                continue  # revoked since: its next owner reads it
            for message in messages:
                carrier.take(record_of(message))
        for place, carrier in self._carriers.items():
            if carrier.task.done():
                raise MoverCrashed(f"a carrier ended: {carrier.task.exception()!r}")
            self._hold_or_go_on(place, carrier)

    def _hold_or_go_on(self, place: TopicPartition, carrier: Carrier) -> None:
        if place not in self._consumer.assignment():
            return
        if carrier.full and place not in self._paused:
            self._consumer.pause(place)
            self._paused.add(place)
        elif place in self._paused and carrier.hungry:
            self._consumer.resume(place)
            self._paused.discard(place)

    async def _commit(self, place: TopicPartition, offset: int) -> None:
        try:
            await self._consumer.commit({place: offset})
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            # Not committed is moved twice at worst; the results' derived ids absorb that.
            log.info("commit_failed", place=str(place), offset=offset, kind=type(error).__name__)

    async def _close(self, places: list[TopicPartition]) -> None:
        closing = [self._carriers.pop(place) for place in places if place in self._carriers]
        self._paused.difference_update(places)
        await asyncio.gather(*(carrier.close() for carrier in closing))
