"""Reads partitions without a group: where they begin and end, and what is in them, offset for offset."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest

from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.sealing.batches import leaves_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.proofs.leaves import Leaf

LIMIT_S = 30.0
FETCH_BYTES = 4 * 1024 * 1024
"""Bytes asked for at once; a single batch that is larger comes whole (KIP-74)."""
_WAIT_MS = 100
_READ_UNCOMMITTED = 0
Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a partition begins, and the offset that its next record will have."""

    start: int
    end: int


class LogReader:
    """Use as an async context manager. `prefix` stands before topics' names on the broker (tests).

    Every call raises `StepFailure(log_unavailable)` when the broker does not answer.
    """

    def __init__(self, bootstrap: str, *, prefix: str = "", client_id: str = "muniment-sealing") -> None:
        self._prefix = prefix
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._consumer: Any = None
        self._cluster: Any = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, client_id=self._client_id, group_id=None, enable_auto_commit=False
        )
        try:
            async with _answered(), asyncio.timeout(LIMIT_S):
                await self._consumer.start()
        except BaseException:
            await stop_consumer(self._consumer)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go."""
        await stop_consumer(self._consumer)

    async def extents(self, topics: Collection[str]) -> Mapping[Place, Extent]:
        """Every partition of these topics that the broker shows; a topic that is missing has none."""
        async with _answered(), asyncio.timeout(LIMIT_S):
            cluster = await self._look()
            places = [
                TopicPartition(self._prefix + topic, number)
                for topic in topics
                for number in sorted(cluster.partitions_for_topic(self._prefix + topic) or ())
            ]
            starts = await self._consumer.beginning_offsets(places) if places else {}
            ends = await self._consumer.end_offsets(places) if places else {}
        return {
            (place.topic.removeprefix(self._prefix), place.partition): Extent(starts[place], ends[place])
            for place in places
        }

    async def read(self, place: Place, at: int) -> tuple[list[Leaf], int]:
        """The next leaves from an offset on, and the offset after them; none when the log ends or does not reach there.

        Raises:
            CorruptBatch: What lies there fails its checksum.

        """
        topic, partition = place
        raw = await self._fetch(TopicPartition(self._prefix + topic, partition), at)
        # Hashes and checksums of megabytes: the loop has others to serve.
        return await asyncio.to_thread(leaves_of, raw, topic, partition, at)

    async def _fetch(self, place: TopicPartition, at: int) -> bytes:
        """A fetch of our own: a consumer keeps batches to itself, and hands out only what they hold."""
        async with _answered(), asyncio.timeout(LIMIT_S):
            leader = (self._cluster or await self._look()).leader_for_partition(place)
            topics = [(place.topic, [(place.partition, at, FETCH_BYTES)])]
            try:
                request = FetchRequest(_WAIT_MS, 1, FETCH_BYTES, _READ_UNCOMMITTED, topics)
                answer = await self._consumer._client.send(leader, request)  # noqa: SLF001 - as `_look`
                ((_, ((_, code, _, *rest),)),) = answer.topics
                error = for_code(code)
                if code and error is not OffsetOutOfRangeError:
                    raise error
            except KafkaError:
                self._cluster = None  # Its leader may be another one by now.
                raise
            return b"" if code else bytes(rest[-1])

    async def _look(self) -> Any:
        self._cluster = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
        return self._cluster


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"the log cannot be read: {type(error).__name__}") from error
