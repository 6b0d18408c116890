"""Topics of a test's own on the shared broker, filled from a log in memory, and replays of them."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.projections.batch import Decoder
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.replay import How, Replayed, replay
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import MAX_RECORD_BYTES, Topic

PARTITIONS = 2


class Sender:
    """Sends records to topics of this test's own."""

    def __init__(self, producer: Any, prefix: str) -> None:
        self._producer = producer
        self.prefix = prefix

    async def send(self, records: Sequence[Record], partition: int | None = None) -> list[Position]:
        """Send in order; where they came to lie, by logical topic."""
        pending = [
            await self._producer.send(
                self.prefix + r.topic, r.value, key=r.key, headers=list(r.headers), partition=partition
            )
            for r in records
        ]
        done = [await p for p in pending]
        return [Position(r.topic, d.partition, d.offset) for r, d in zip(records, done, strict=True)]


@asynccontextmanager
async def own_topics(bootstrap: str, unique: str, topics: Iterable[Topic]) -> AsyncIterator[Sender]:
    """Make the topics and a producer for them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    limit = {"max.message.bytes": str(MAX_RECORD_BYTES)}
    await admin.create_topics([NewTopic(f"{unique}.{t.name}", PARTITIONS, 1, topic_configs=limit) for t in topics])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=3_000_000) as producer:
        yield Sender(producer, f"{unique}.")


async def folded_anew(
    projection: Projection, config: ProjectionsConfig, codec: Decoder, how: How | None = None
) -> Replayed:
    """A replay whose forerunner is dropped, so that nothing is left beside it."""
    done = await replay(projection, config, codec, how or How())
    assert done.kept is not None
    connection = await asyncpg.connect(config.database_url)
    try:
        assert await shadow.drop(connection, done.kept)
    finally:
        await connection.close()
    return done
