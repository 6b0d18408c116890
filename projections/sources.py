"""Consumers for folds: bare aiokafka, no offsets committed to the broker, tuned for the latency of a quiet log."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from muniment.producers.consumed import record_of
from muniment.projections.projection import Projection
from muniment.schemas.record import Record
from muniment.schemas.topics import METADATA_AGE_MS

PARTITION_FETCH_BYTES = 512 * 1024
"""What one partition can bring into one transaction: some 700 vectors, a second or two of work on a live HNSW. With
4 MiB a large document put 5,000 vectors into each, and small documents of other partitions waited for them."""
FETCH_WAIT_MS = 250
"""The broker answers as soon as there is one byte. This bounds the wait of a partition that was busy when the request
under way was sent, at four empty requests a second: at ten the broker spent most of its idle time on answering them."""
_LOOK_ROUND_MS = 1000
"""How often aiokafka looks round by itself; all that it waits for wakes it before."""

_NEVER_MS = 86_400_000


def consumer(bootstrap: str, *, group: str | None, client_id: str) -> Any:
    """A consumer, not started. Its positions are set by the checkpoints alone."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=1,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        consumer_timeout_ms=_LOOK_ROUND_MS,
        fetch_max_bytes=32 * 1024 * 1024,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        # Postgres may be away for hours; the membership must outlast the wait.
        max_poll_interval_ms=_NEVER_MS,
        session_timeout_ms=10_000,
        metadata_max_age_ms=METADATA_AGE_MS,
        # Range keeps partition n of all co-partitioned topics, so all of one document, with one runner.
        partition_assignment_strategy=(RangePartitionAssignor,),
    )


def topic_names(projection: Projection, prefix: str) -> list[str]:
    """The names on the broker of what a projection reads."""
    return [prefix + topic.name for topic in projection.topics]


async def partitions(source: Any, names: Iterable[str]) -> list[TopicPartition]:
    """Every partition of these topics, in order, as a started consumer learns them; none of a topic that is missing."""
    found = []
    for name in names:
        await source._client.set_topics([name])  # noqa: SLF001 - the public call only knows subscribed topics
        found += [TopicPartition(name, number) for number in sorted(source.partitions_for_topic(name) or ())]
    if found:
        # Of all at once from here on: of which it is not told who leads them, it could not ask for offsets.
        await source._client.set_topics({place.topic for place in found})  # noqa: SLF001 - as above
    return found


def records(fetched: Iterable[Sequence[Any]], prefix: str) -> list[Record]:
    """Records as the folds know them, from what aiokafka fetched of each partition; tombstones have an empty value."""
    found = list[Record]()
    for messages in fetched:
        if messages:
            topic = messages[0].topic.removeprefix(prefix)
            found += [record_of(message, topic) for message in messages]
    return found
