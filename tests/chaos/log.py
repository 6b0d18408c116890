"""The log of a running stack, from where it ended before."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from muniment.infra.unread import MARKED
from muniment.producers.consumed import record_of
from muniment.schemas.record import Record
from muniment.schemas.topics import CHUNKS, COMMANDS_DOCUMENTS, DLQ, DOCUMENTS, EMBEDDINGS, REDELIVERY, RETRY_TIERS

TOPICS = tuple(
    topic.name for topic in (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS, DLQ, *RETRY_TIERS, *REDELIVERY.values())
)
"""What is said of documents, and what waits."""
Ends = dict[TopicPartition, int]
READ_WITHIN_S = 120.0


async def ends(bootstrap: str, topics: Iterable[str] = TOPICS) -> Ends:
    """Where each partition ends now."""
    async with _Reader(bootstrap) as consumer:
        return await _ends(consumer, topics)


async def since(bootstrap: str, starts: Mapping[TopicPartition, int]) -> list[Record]:
    """Every record from these places on, in order within a partition."""
    found: list[Record] = []
    async with _Reader(bootstrap) as consumer:
        until = await _ends(consumer, {place.topic for place in starts})
        places = [place for place, end in until.items() if end > starts.get(place, 0)]
        if not places:
            return found
        consumer.assign(places)
        for place in places:
            consumer.seek(place, starts.get(place, 0))
        async with asyncio.timeout(READ_WITHIN_S):
            while any([await consumer.position(place) < until[place] for place in places]):
                for messages in (await consumer.getmany(timeout_ms=300)).values():
                    found += [record_of(message) for message in messages]
    return found


async def last(bootstrap: str, starts: Mapping[TopicPartition, int]) -> Ends:
    """Where the last record of each partition ends; of those with transactions, what lies after these places.

    A redrive ends with a transaction's marker, which has an offset, and which nobody is given to settle.
    """
    found = await ends(bootstrap, {place.topic for place in starts} - MARKED)
    for record in await since(bootstrap, {p: at for p, at in starts.items() if p.topic in MARKED}):
        assert record.partition is not None
        assert record.offset is not None
        found[TopicPartition(record.topic, record.partition)] = record.offset + 1
    return found


async def behind(bootstrap: str, until: Ends) -> dict[str, int]:
    """By consumer group of the workers: records before these ends that it has not settled yet."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = [name for name, *_ in await admin.list_consumer_groups()]
        lag: dict[str, int] = {}
        for name in names:
            if not name.startswith("muniment.") or name.startswith("muniment.projections"):
                continue
            done = await admin.list_consumer_group_offsets(name)
            left = sum(max(0, until[p] - done[p].offset) for p in done if p in until and done[p].offset >= 0)
            if left:
                lag[name] = left
        return lag
    finally:
        await admin.close()


class _Reader:
    def __init__(self, bootstrap: str) -> None:
        self._consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)

    async def __aenter__(self) -> Any:
        await self._consumer.start()
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


async def _ends(consumer: Any, topics: Iterable[str]) -> Ends:
    cluster = await consumer._client.fetch_all_metadata()
    places = [TopicPartition(t, n) for t in topics for n in sorted(cluster.partitions_for_topic(t) or ())]
    found: Ends = await consumer.end_offsets(places)
    return found
