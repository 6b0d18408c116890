"""What happens to documents, told as records of a log."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from support.key_ring import MemoryKeyRing

from muniment.producers.log_codec import LogCodec
from muniment.projections.batch import decoded
from muniment.projections.fold import Folded, fold
from muniment.projections.live import first_schema, live_schema
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.digest import TableDigest, fingerprint
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.commands import DeleteDocument, SubmitDocument
from muniment.schemas.documents import (
    DocumentChunked,
    DocumentDeleted,
    DocumentExtracted,
    DocumentIndexed,
    DocumentPurged,
    DocumentSubmitted,
)
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import DocumentEvent, Event
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.metadata import NORMAL, Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import DLQ

DIMENSIONS = 8
START = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = "toy"


def vector_of(text: str, dimensions: int = DIMENSIONS) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A vector that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    made = np.random.default_rng(seed).normal(size=dimensions).astype(np.float32)
    return made / np.linalg.norm(made)


def schema_of(name: str) -> str:
    """The schema that a projection has on a fresh database."""
    return first_schema(PROJECTIONS[name](DIMENSIONS))


def place_of(record: Record) -> str:
    """Where a record lies."""
    return str(Position(record.topic, record.partition or 0, record.offset or 0))


@dataclass
class Log:
    """An append-only log with one partition a topic; `ring` holds the keys its records are sealed under."""

    ring: MemoryKeyRing = field(default_factory=MemoryKeyRing)
    records: list[Record] = field(default_factory=list)
    clock: datetime = START
    lane: str = NORMAL

    @property
    def codec(self) -> LogCodec:
        """The codec over its keys."""
        return LogCodec(self.ring)

    def append(self, record: Record) -> Record:
        """Give a record its place."""
        offset = sum(r.topic == record.topic for r in self.records)
        placed = replace(record, partition=0, offset=offset, timestamp_ms=int(self.clock.timestamp() * 1000))
        self.records.append(placed)
        return placed

    async def say(self, event: Event, job: UUID, tenant: str, *, decided: Position | None = None) -> Record:
        """Append an event of a job."""
        self.clock += timedelta(milliseconds=10)
        event_id = job if event.declaration.command else uuid4()
        position = str(decided) if decided else ""
        meta = Metadata(
            event_id, tenant, job, job, self.clock, "muniment.test", lane=self.lane, command_position=position
        )
        if isinstance(event, DocumentEvent):
            await self.ring.create(tenant, event.document_id)
        return self.append(await self.codec.encode(event, meta))

    def again(self, record: Record) -> Record:
        """The same record once more, at a later place."""
        return self.append(record)

    def dead(
        self, record: Record, step: str, code: ErrorCode = ErrorCode.UNEXPECTED, *, program: str = "0.1.0"
    ) -> Record:
        """The record as a dead letter."""
        at = int(self.clock.timestamp() * 1000)
        origin = Position(record.topic, record.partition or 0, record.offset or 0)
        error = f"failed 17 times at {record.offset}"
        state = RetryState(step, 5, 0, at - 1000, 0, origin, code, error, f"{step}/{code}")
        return self.append(record.with_headers({**state.to_headers(), "retry_program": program}).to(DLQ.name))

    def failed_again(self, letter: Record, redrive_id: UUID, times: int, step: str, **how: Any) -> Record:
        """What a redriven letter becomes when its step fails once more."""
        past = {"redrive_id": str(redrive_id), "redrive_letter": place_of(letter), "redrive_times": str(times)}
        return self.dead(letter.with_headers(past), step, **how)


@dataclass
class Story:
    """One version of a document, from its command to its index."""

    log: Log
    texts: Sequence[str]
    tenant: str = "acme"
    document_id: UUID = field(default_factory=uuid4)
    version: int = 1
    job: UUID = field(default_factory=uuid4)
    batch_size: int = 2
    title: str = "A title"
    metadata: dict[str, str] = field(default_factory=dict)
    dimensions: int = DIMENSIONS
    lane: str = "bulk"

    async def say(self, event: Event, decided: Position | None = None) -> Record:
        """Append an event of this job."""
        return await self.log.say(event, self.job, self.tenant, decided=decided)

    @property
    def batches(self) -> list[list[int]]:
        """The ordinals of each batch."""
        every = list(range(len(self.texts)))
        return [every[i : i + self.batch_size] for i in range(0, len(every), self.batch_size)]

    async def command(self) -> Position:
        """Ask for it."""
        said = await self.say(
            SubmitDocument(
                document_id=self.document_id,
                file_name="a.txt",
                title=self.title,
                metadata=self.metadata,
                blob="sha256:aa",
                size_bytes=10,
                source="api",
                lane=self.lane,
            )
        )
        return Position(said.topic, 0, said.offset or 0)

    async def submitted(self, command: Position | None = None) -> Record:
        """It was decided."""
        return await self.say(
            DocumentSubmitted(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                file_name="a.txt",
                title=self.title,
                metadata=self.metadata,
                blob="sha256:aa",
                size_bytes=10,
                source="api",
                lane=self.lane,
            ),
            command,
        )

    async def extracted(self) -> Record:
        """Its text is there."""
        await self.say(
            StepProgressed(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                step="extracting",
                done=1,
                total=2,
                unit="pages",
            )
        )
        return await self.say(
            DocumentExtracted(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                media_type="text/plain",
                title=None,
                text_blob="sha256:bb",
                characters=99,
                pages=2,
                findings={"email": 1},
            )
        )

    async def prepared(self, batch: int) -> Record:
        """A batch of texts."""
        texts = [self.texts[i] for i in self.batches[batch]]
        places = tuple(
            ChunkPlace(i, i * 100, i * 100 + len(self.texts[i]), 1, 5, hashlib.sha256(self.texts[i].encode()).digest())
            for i in self.batches[batch]
        )
        return await self.say(
            ChunksPrepared(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                batch=batch,
                places=places,
                texts=tuple(ChunkText(t, "Heading") for t in texts),
            )
        )

    async def chunked(self) -> Record:
        """All batches are on the log."""
        return await self.say(
            DocumentChunked(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                chunks=len(self.texts),
                batches=len(self.batches),
                tokens=5 * len(self.texts),
            )
        )

    async def embedded(self, batch: int) -> Record:
        """A batch of vectors."""
        texts = [self.texts[i] for i in self.batches[batch]]
        vectors = b"".join(vector_of(t, self.dimensions).astype("<f2").tobytes() for t in texts)
        return await self.say(
            ChunksEmbedded(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                batch=batch,
                first_ordinal=self.batches[batch][0],
                content_hashes=tuple(hashlib.sha256(t.encode()).digest() for t in texts),
                model=MODEL,
                dimensions=self.dimensions,
                vectors=vectors,
                tokens=5 * len(texts),
                cost_micros=7,
                embedded=len(texts),
                reused=0,
            )
        )

    async def indexed(self) -> Record:
        """The version is whole."""
        n = len(self.texts)
        return await self.say(
            DocumentIndexed(
                document_id=self.document_id,
                version=self.version,
                job_id=self.job,
                chunks=n,
                batches=len(self.batches),
                model=MODEL,
                tokens=5 * n,
                cost_micros=7 * len(self.batches),
                embedded=n,
                reused=0,
            )
        )

    async def tell(self) -> Position:
        """All of it; where the command lies."""
        command = await self.command()
        await self.submitted(command)
        await self.extracted()
        for batch in range(len(self.batches)):
            await self.prepared(batch)
        await self.chunked()
        for batch in range(len(self.batches)):
            await self.embedded(batch)
        await self.indexed()
        return command

    async def delete(self, job: UUID | None = None) -> Position:
        """Deleted, by a job of its own."""
        by = job or uuid4()
        asked = await self.log.say(DeleteDocument(document_id=self.document_id, reason="why"), by, self.tenant)
        place = Position(asked.topic, 0, asked.offset or 0)
        gone = DocumentDeleted(
            document_id=self.document_id, version=self.version, job_id=by, jobs=(self.job,), reason="why"
        )
        await self.log.say(gone, by, self.tenant, decided=place)
        purged = DocumentPurged(
            document_id=self.document_id, version=self.version, job_id=by, blobs_removed=1, blobs_shared=0
        )
        await self.log.say(purged, by, self.tenant)
        return place


@dataclass
class ReadModel:
    """Every projection, folded by hand."""

    pool: Any
    log: Log

    async def fold(self, name: str, records: Sequence[Record], *, rebuilding: bool = False) -> Folded:
        """Fold records into the live schema of a projection."""
        projection = PROJECTIONS[name](DIMENSIONS)
        mine = {t.name for t in projection.topics}
        entries = await decoded([r for r in records if r.topic in mine], projection, self.log.codec)
        async with self.pool.acquire() as connection:
            schema = await live_schema(connection, name)
            assert schema is not None
            return await fold(connection, projection, schema, entries, rebuilding=rebuilding)

    async def catch_up(self, *, batch: int = 1000) -> None:
        """Fold the whole log into all of them; what they have folded before is skipped."""
        for name in PROJECTIONS:
            for start in range(0, len(self.log.records), batch):
                await self.fold(name, self.log.records[start : start + batch])

    async def forget(self) -> None:
        """Set the checkpoints back to the beginning, as if every record were redelivered."""
        for name in PROJECTIONS:
            await self.pool.execute(f"update {schema_of(name)}.checkpoints set next_offset = 0")

    async def contents(self) -> dict[str, dict[str, TableDigest]]:
        """Hashes of all tables."""
        async with self.pool.acquire() as connection:
            return {
                name: await fingerprint(connection, make(DIMENSIONS), schema_of(name))
                for name, make in PROJECTIONS.items()
            }
