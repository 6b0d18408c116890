"""A log under a prefix of its own on a real broker, and a sealer for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from support.key_ring import MemoryKeyRing

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.sealing.adopting import Adopting
from muniment.producers.sealing.appending import Appending
from muniment.producers.sealing.comparing import Comparing
from muniment.producers.sealing.log_reader import LogReader
from muniment.producers.sealing.places import FolderPlace, Place
from muniment.producers.sealing.publishing import Publishing
from muniment.producers.sealing.rechecking import Rechecking
from muniment.producers.sealing.sealer import Sealer, Tools
from muniment.producers.sealing.store import SealingStore
from muniment.producers.signing import Signer
from muniment.schemas.record import Record
from muniment.schemas.topics import AUDIT_CHECKPOINTS

TOPIC = "muniment.documents"


class Prefixed:
    """A publisher that puts a prefix before every topic."""

    def __init__(self, inner: KafkaPublisher, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        return replace(await self._inner.send(record.to(self._prefix + record.topic)), topic=record.topic)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


class World:
    """One sealed topic of one partition, the topic of checkpoints, a database, a folder outside."""

    def __init__(self, bootstrap: str, database_url: str, prefix: str, home: Path) -> None:
        self.bootstrap = bootstrap
        self.database_url = database_url
        self.prefix = prefix
        self.signer = Signer(home / "signing.json")
        self.outside = home / "outside"
        self.records_max = 10_000
        self.ahead = timedelta()
        self.sealed = [TOPIC]
        # The same for all, so that two records of equal content are equal; not old, or retention would take them.
        self.moment_ms = time.time_ns() // 1_000_000
        self.pool: Any = None
        self.publisher: Any = None
        self._admin: Any = None

    async def __aenter__(self) -> Self:
        """Open."""
        self.pool = await asyncpg.create_pool(self.database_url, min_size=1, max_size=4)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await self._admin.start()
        for topic in (TOPIC, AUDIT_CHECKPOINTS.name):
            await self.create(topic)
        self.publisher = KafkaPublisher(self.bootstrap)
        await self.publisher.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.publisher.__aexit__(None, None, None)
        await self._admin.close()
        await self.pool.close()

    async def create(self, topic: str) -> None:
        """Make a topic; one that was just deleted takes the broker a moment."""
        for _ in range(600):
            answer = await self._admin.create_topics([NewTopic(self.prefix + topic, 1, 1)])
            if not answer.topic_errors[0][1]:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{topic} cannot be made")

    async def seal_also(self, topic: str) -> None:
        """Make another topic, and seal it, too."""
        await self.create(topic)
        self.sealed.append(topic)

    async def say(self, record: Record) -> None:
        """A record as a part of the product sends it."""
        await self.publisher.send(record.to(self.prefix + record.topic))

    async def widen(self, partitions: int) -> None:
        """Give the sealed topic more partitions; a producer that knew it before goes on with those it had."""
        topic = self.prefix + TOPIC
        await self._admin.create_partitions({topic: NewPartitions(partitions)})
        while len((await self._admin.describe_topics([topic]))[0]["partitions"]) < partitions:  # noqa: ASYNC110 - broker
            await asyncio.sleep(0.05)
        await self.publisher.__aexit__(None, None, None)
        self.publisher = KafkaPublisher(self.bootstrap)
        await self.publisher.__aenter__()

    async def replace(self, records: Sequence[bytes]) -> None:
        """Delete the sealed topic and write another one in its place: what somebody with the broker's rights can do."""
        await self._admin.delete_topics([self.prefix + TOPIC])
        await self.create(TOPIC)
        await self.write(*records)

    async def remove(self) -> None:
        """Delete the sealed topic."""
        await self._admin.delete_topics([self.prefix + TOPIC])

    async def replace_checkpoints(self) -> None:
        """Lose the topic of checkpoints: an empty one takes its place."""
        await self._admin.delete_topics([self.prefix + AUDIT_CHECKPOINTS.name])
        await self.create(AUDIT_CHECKPOINTS.name)

    async def drop_before(self, offset: int) -> None:
        """Let the log begin at an offset, as retention does."""
        place = TopicPartition(self.prefix + TOPIC, 0)
        await self._admin.delete_records({place: RecordsToDelete(before_offset=offset)})

    async def write(
        self, *values: bytes | None, transactional_id: str | None = None, abort: bool = False, key: bytes = b"key"
    ) -> None:
        """Write records one by one; in one transaction, if it has an id. An empty one has no key."""
        how: dict[str, Any] = {"transactional_id": transactional_id} if transactional_id else {}
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", **how)
        for _ in range(300):
            try:
                await producer.start()
                break
            except KafkaError:
                await asyncio.sleep(0.1)
        try:
            if transactional_id:
                await producer.begin_transaction()
            for number, value in enumerate(values):
                headers = [("n", str(number).encode()), ("empty", b"")]
                sent = await producer.send_and_wait(
                    self.prefix + TOPIC,
                    value,
                    key=None if value == b"" else key,
                    headers=headers,
                    partition=0,
                    timestamp_ms=self.moment_ms,
                )
            if transactional_id:
                await (producer.abort_transaction() if abort else producer.commit_transaction())
                await self._marked(sent.offset)
        finally:
            await producer.stop()

    async def _marked(self, last: int) -> None:
        """Wait for a transaction's marker: the broker writes it after it has said that the transaction is over."""
        async with asyncio.timeout(60), LogReader(self.bootstrap, prefix=self.prefix) as reader:
            while (await reader.extents([TOPIC]))[TOPIC, 0].end < last + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def send(self, key: bytes) -> None:
        """A record with this key, on the partition that the key puts it on."""
        await self.publisher.send(Record(self.prefix + TOPIC, key, b"value", ()))

    @asynccontextmanager
    async def tools(self, place: Place | None = None) -> AsyncIterator[Tools]:
        """What a sealer works with."""
        async with LogReader(self.bootstrap, prefix=self.prefix) as reader:
            store, codec = SealingStore(self.pool, lambda: utc_now() + self.ahead), LogCodec(MemoryKeyRing())
            publisher = Prefixed(self.publisher, self.prefix)
            outside = place or FolderPlace(self.outside)
            yield Tools(
                reader,
                store,
                Adopting(self.pool, reader, codec, self.signer),
                Appending(reader, store, self.signer, records_max=self.records_max, for_ever=self.sealed),
                Publishing(self.pool, publisher, codec, self.signer, place=outside, every_s=0),
                Rechecking(self.pool, reader, rest_s=0),
                Comparing(self.pool, self.signer, outside),
            )

    async def seal(self, rounds: int = 1) -> None:
        """Let a new sealer begin and do some rounds."""
        sealer = Sealer(self._connect, self.tools, self.sealed, every_s=0)
        connection = await self._connect()
        try:
            async with self.tools() as tools:
                await sealer.look_back(tools)
                for _ in range(rounds):
                    await sealer.round(connection, tools)
                    await sealer.look_back(tools)
        finally:
            await connection.close()

    async def _connect(self) -> Any:
        return await asyncpg.connect(self.database_url)

    async def notes(self) -> list[str]:
        """Every signed note, in order."""
        return [
            row["note"] for row in await self.pool.fetch("select note from muniment_sealing.checkpoints order by size")
        ]

    async def findings(self) -> list[tuple[str, int, int]]:
        """Kind and offsets of all findings."""
        rows = await self.pool.fetch(
            "select kind, first_offset, next_offset from muniment_sealing.findings order by 2, 1"
        )
        return [tuple(row) for row in rows]

    async def forget(self) -> None:
        """Lose all tables of sealing, but the log stays."""
        await self.pool.execute("truncate muniment_sealing.logs, muniment_sealing.adopted restart identity cascade")
