"""A topic read to its end and then live, in the background: for what every process of a kind keeps in memory.

Without a group: each process reads all of it, and nothing is committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_RECORD_BYTES, METADATA_AGE_MS

POLL_MS = 1000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
Offsets = Mapping[TopicPartition, int]
Begins = Callable[[Any, Sequence[TopicPartition]], Awaitable[Offsets]]
"""Where reading begins in partitions that were never read, asked of a consumer."""
log = structlog.get_logger(__name__)


async def at_the_beginning(consumer: Any, places: Sequence[TopicPartition]) -> Offsets:
    """`Begins`, at the first records that are still there."""
    found: Offsets = await consumer.beginning_offsets(places)
    return found


class TopicTail:
    """Use as an async context manager. A broker, or a topic, that is away is waited for, and holds up nobody.

    Args:
        bootstrap: The brokers.
        topic: Its name on the broker.
        take: Called with each record, in the order of its partition. What it raises is logged, and the record is
            brought again.
        begins: Where to begin.
        gone: Where to go on when the records that come next are not kept any more.
        forget: Called when the topic was made anew while we were away; it is then read from where it begins.
        connect: Makes the consumer.
        sleep: Waits that long (seconds) before a new try.

    Attributes:
        caught_up: Set once all that lay on the topic at the start was taken, or there is no such topic.

    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        take: Callable[[Record], None],
        *,
        begins: Begins = at_the_beginning,
        gone: Literal["earliest", "latest"] = "earliest",
        forget: Callable[[], None] = lambda: None,
        connect: Callable[..., Any] = AIOKafkaConsumer,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.caught_up = asyncio.Event()
        self._bootstrap, self._topic = bootstrap, topic
        self._take, self._forget = take, forget
        self._begins, self._gone = begins, gone
        self._connect, self._sleep = connect, sleep
        self._pause_s = FIRST_PAUSE_S
        self._next: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        """Begin to read."""
        self._task = asyncio.create_task(self._run(), name=f"tail of {self._topic}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop reading."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        # Asked at every turn: aiokafka swallows a cancellation that meets its stop.
        while not self._closed:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("tail_away", topic=self._topic, kind=type(error).__name__, pause_s=self._pause_s)
            except Exception:
                # Nobody waits for this task: a fault in it has to be loud, and must not be the end of it.
                log.exception("tail_failed", topic=self._topic)
            await self._sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    async def _follow(self) -> None:
        """Read until the connection fails; returns at once while there is no such topic."""
        consumer = self._connect(
            bootstrap_servers=self._bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset=self._gone,
            max_partition_fetch_bytes=MAX_RECORD_BYTES + 64 * 1024,
            metadata_max_age_ms=METADATA_AGE_MS,
        )
        try:
            await consumer.start()
            # Asked for by itself: a consumer that is told the topic waits most of a minute for one that is missing.
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
            places = [TopicPartition(self._topic, n) for n in sorted(cluster.partitions_for_topic(self._topic) or ())]
            if not places:
                self.caught_up.set()
                return
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await self._seek(consumer, places, ends)
            await self._read(consumer, ends)
        finally:
            await stop_consumer(consumer)

    async def _seek(self, consumer: Any, places: Sequence[TopicPartition], ends: Offsets) -> None:
        begins = await self._begins(consumer, places)
        if any(self._next.get(place, 0) > ends[place] for place in places):
            log.warning("tail_begun_anew", topic=self._topic)
            self._forget()
            self._next = {}
        self._next = {place: self._next.get(place, begins[place]) for place in places}
        for place, offset in self._next.items():
            consumer.seek(place, offset)

    async def _read(self, consumer: Any, ends: Offsets) -> None:
        while not self._closed:
            if not self.caught_up.is_set() and all(self._next[place] >= end for place, end in ends.items()):
                self.caught_up.set()
            for place, messages in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for message in messages:
                    self._take(record_of(message))
                    self._next[place] = message.offset + 1
            # Only now did it work: what fails at each record, or at each look, is asked less and less often.
            self._pause_s = FIRST_PAUSE_S
