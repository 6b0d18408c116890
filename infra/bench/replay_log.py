"""A log of its own for measuring replays: lifecycles of documents, and batches of vectors, on topics with a prefix."""

import os
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.infra.own_codec import collect_seldom
from muniment.schemas.codec import Envelope, decode, encode
from muniment.schemas.documents import DocumentChunked, DocumentExtracted, DocumentIndexed, DocumentSubmitted
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, event_name, whole_millis
from muniment.schemas.record import Record
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import MAX_RECORD_BYTES, Topic

BATCH = 64
"""Vectors in one record, as the chunking step makes them."""
_AT_ONCE = 5_000
_KEY = DataKey(uuid4(), os.urandom(32))


class OneKey:
    """Decodes with one key: opening costs what it costs, looking it up nothing."""

    def __init__(self, key: DataKey) -> None:
        self._key = key

    async def decode_many(
        self, records: Sequence[Record], *, unopened: Collection[str] = ()
    ) -> list[Envelope | MunimentError]:
        """See `LogCodec.decode_many`."""
        opened, closed = (lambda _: self._key), (lambda _: None)
        return [decode(r, closed if unopened and event_name(r) in unopened else opened) for r in records]


@asynccontextmanager
async def one_key(key_id: UUID, secret: bytes) -> AsyncIterator[OneKey]:
    """The decoder of a process that only folds."""
    collect_seldom()
    yield OneKey(DataKey(key_id, secret))


def key() -> DataKey:
    """The one key."""
    return _KEY


@asynccontextmanager
async def topics(
    brokers: str, prefix: str, wanted: Sequence[Topic], partitions: int
) -> AsyncIterator[AIOKafkaProducer]:
    """Make topics and a producer for them; the topics go at the end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    limit = {"max.message.bytes": str(MAX_RECORD_BYTES)}
    names = [prefix + topic.name for topic in wanted]
    try:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=limit) for name in names])
        async with AIOKafkaProducer(
            bootstrap_servers=brokers,
            acks="all",
            linger_ms=20,
            max_request_size=MAX_RECORD_BYTES,
            max_batch_size=262_144,
        ) as producer:
            yield producer
    finally:
        await admin.delete_topics(names)
        await admin.close()


async def send(producer: AIOKafkaProducer, prefix: str, records: Iterable[Record]) -> int:
    """Put records on their topics; how many."""
    waiting, count = [], 0
    for record in records:
        waiting.append(
            await producer.send(prefix + record.topic, record.value, key=record.key, headers=list(record.headers))
        )
        count += 1
        if len(waiting) >= _AT_ONCE:
            for one in waiting:
                await one
            waiting.clear()
    for one in waiting:
        await one
    return count


def lifecycles(documents: int) -> Iterator[Record]:
    """The facts of so many documents, from submitted to indexed: four events each."""
    for number in range(documents):
        document_id, job_id = uuid4(), uuid4()
        which: dict[str, Any] = {"document_id": document_id, "version": 1, "job_id": job_id}
        sums: dict[str, Any] = {"tokens": 40, "chunks": 3, "batches": 1}
        yield _said(
            DocumentSubmitted(
                **which,
                file_name=f"document-{number}.md",
                title=f"Document {number}",
                metadata={"team": "search"},
                blob="sha256:" + "a" * 64,
                size_bytes=1000,
                source="api",
                lane="normal",
            ),
            job_id,
        )
        yield _said(
            DocumentExtracted(
                **which,
                media_type="text/markdown",
                title=None,
                text_blob="sha256:" + "b" * 64,
                characters=900,
                pages=1,
                findings={"email": 1},
            ),
            job_id,
        )
        yield _said(DocumentChunked(**which, **sums), job_id)
        yield _said(DocumentIndexed(**which, **sums, model="m", cost_micros=3, embedded=3, reused=0), job_id)


def vectors(batches: int, dimensions: int) -> Iterator[Record]:
    """So many batches of 64 vectors, each of a document of its own."""
    rng = np.random.default_rng(0)
    for _ in range(batches):
        document_id, job_id = uuid4(), uuid4()
        yield _said(
            ChunksEmbedded(
                document_id=document_id,
                version=1,
                job_id=job_id,
                batch=0,
                first_ordinal=0,
                content_hashes=tuple(os.urandom(32) for _ in range(BATCH)),
                model="m",
                dimensions=dimensions,
                vectors=rng.normal(size=(BATCH, dimensions)).astype("<f2").tobytes(),
                tokens=BATCH * 40,
                cost_micros=1,
                embedded=BATCH,
                reused=0,
            ),
            job_id,
        )


def _said(event: Event, job_id: UUID) -> Record:
    now = whole_millis(datetime.now(UTC))
    return encode(event, Metadata(uuid4(), "bench-replay", job_id, job_id, now, "muniment.bench"), _KEY)
