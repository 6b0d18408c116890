"""Reads whole topics of a real broker, as any consumer could."""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from muniment.schemas.record import Record


def read_topics(bootstrap: str, topics: Iterable[str]) -> list[Record]:
    """Every record that lies on these topics now, in order within a partition; none that comes while they are read."""
    return asyncio.run(_read(bootstrap, tuple(topics)))


async def _read(bootstrap: str, topics: tuple[str, ...]) -> list[Record]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    await consumer.start()
    found: list[Record] = []
    try:
        cluster = await consumer._client.fetch_all_metadata()
        known = [TopicPartition(t, p) for t in topics for p in sorted(cluster.partitions_for_topic(t) or ())]
        missing = set(topics) - {tp.topic for tp in known}
        assert not missing, f"no such topics: {missing}"
        ends = await consumer.end_offsets(known)
        consumer.assign(known)
        await consumer.seek_to_beginning(*known)
        async with asyncio.timeout(240):
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for place, messages in (await consumer.getmany(timeout_ms=500)).items():
                    found += [
                        Record(m.topic, m.key, m.value, tuple(m.headers), m.partition, m.offset, m.timestamp)
                        for m in messages
                        if m.offset < ends[place]
                    ]
    finally:
        await consumer.stop()
    return found
