"""All real steps, wired as in production, in one process on a real broker and database: what commands lead to."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.fixed_endpoint import calls, running_endpoint
from support.following import Following
from support.formats import MAIL
from support.topics import create_topics

from muniment.infra import bootstrap, stepping
from muniment.infra.settings import Settings
from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentChunked,
    DocumentDeleted,
    DocumentExtracted,
    DocumentIndexed,
    DocumentPurged,
    DocumentRefused,
    DocumentRequested,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
    VersionRolledBack,
)
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS, RETRY_TIERS
from muniment.stream_apps.child import Children

TEXT = f"# Leave\n\nThere are 25 days of leave a year. Write to {MAIL}.\n\n" + "The rest is of no account. " * 200
WAY = [DocumentSubmitted, DocumentExtracted, DocumentChunked, DocumentIndexed]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """One endpoint for all tests here."""
    with running_endpoint() as address:
        yield address


class Recorded:
    """A publisher that also keeps what it sent."""

    def __init__(self, publisher: KafkaPublisher) -> None:
        self._publisher = publisher
        self.sent: list[Record] = []
        self.then: dict[str, Callable[[], Awaitable[object]]] = {}
        """What is to happen once an event of a name is on the log, before anything follows from it."""

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        done = await self._publisher.send(record)
        self.sent.append(done)
        if happens := self.then.pop((record.header("ce_type") or "").split(".")[1], None):
            await happens()
        return done


@dataclass
class Muniment:
    """Everything but the API and the read models."""

    parts: bootstrap.Parts
    log: Recorded
    host: Following
    tenant: str

    async def submit(
        self, document: UUID, content: bytes, name: str = "leave.md", job: UUID | None = None
    ) -> list[Event]:
        """Store and command as the API does; what came of it on the documents' topic."""

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        job = job or uuid4()
        blob = await self.parts.claims.put(self.tenant, document, job, "original", pieces())
        return await self.command(
            SubmitDocument(
                document_id=document,
                file_name=name,
                title=None,
                metadata={},
                blob=blob.ref,
                size_bytes=blob.size,
                source="test",
                lane="normal",
            ),
            job,
        )

    async def delete(self, document: UUID) -> list[Event]:
        """Command a deletion."""
        return await self.command(DeleteDocument(document_id=document, reason="no longer needed"), uuid4())

    async def command(self, command: Event, job: UUID) -> list[Event]:
        """Put a command on the log and settle all that follows."""
        meta = Metadata(job, self.tenant, job, job, datetime.now(UTC).replace(microsecond=0), "muniment.test")
        await self.parts.key_ring.create(self.tenant, command.document_id)
        record = await self.log.send(await self.parts.codec.encode(command, meta))
        return await self.again(record)

    async def again(self, record: Record) -> list[Event]:
        """Deliver a command (once more); what is said of the document."""
        start = len(self.log.sent)
        await self.host.take(record)
        failed = {DLQ.name, *(tier.name for tier in RETRY_TIERS)}
        assert not [r for r in self.log.sent[start:] if r.topic in failed]
        return [e for r in self.log.sent[start:] if (e := await self.event(r))]

    async def event(self, record: Record) -> Event | None:
        """The event in a record of the documents' topic."""
        if record.topic != DOCUMENTS.name:
            return None
        return (await self.parts.codec.decode(record)).event


@asynccontextmanager
async def started(settings: Settings, kafka: str, tenant: str) -> AsyncIterator[Muniment]:
    """All steps, one record after the other, as `bootstrap` wires them."""
    await create_topics(kafka)
    own = stepping.work_folder(settings)
    async with bootstrap.parts(settings, client_id="test") as parts:
        log = Recorded(parts.publisher)
        steps = stepping.steps(parts, Children(1), own.path)
        host = Following(steps, parts.codec, log)
        yield Muniment(parts, log, host, tenant)
        assert list(own.path.iterdir()) == []
    own.close()


@pytest.fixture
async def muniment(
    kafka_bootstrap: str, database_url: str, endpoint: str, unique: str, tmp_path: Path
) -> AsyncIterator[Muniment]:
    """A running one with nothing in it."""
    given: dict[str, Any] = {
        "home": tmp_path,
        "kafka_bootstrap": kafka_bootstrap,
        "database_url": database_url,
        "OPENAI_BASE_URL": endpoint,
        "embedding_tokenizer": Path("cl100k_base"),
        "chunk_tokens_max": 64,
    }
    async with started(Settings(_env_file=None, **given), kafka_bootstrap, unique) as made:
        yield made


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


async def test_a_command_leads_to_an_indexed_document(muniment: Muniment) -> None:
    """Each fact once, in order; the totals agree; the address in it was found and is nowhere in the text."""
    found = await muniment.submit(uuid4(), TEXT.encode())
    assert kinds(found) == WAY
    _, extracted, chunked, indexed = found
    assert isinstance(extracted, DocumentExtracted)
    assert isinstance(chunked, DocumentChunked)
    assert isinstance(indexed, DocumentIndexed)
    assert (extracted.title, extracted.findings) == ("Leave", {"email": 1})
    assert chunked.chunks == indexed.chunks == indexed.embedded + indexed.reused > 10
    assert chunked.batches == indexed.batches
    text = b"".join([p async for p in muniment.parts.claims.blobs.open(muniment.tenant, extracted.text_blob)])
    assert MAIL.encode() not in text


async def test_a_command_delivered_twice_is_one(muniment: Muniment, endpoint: str) -> None:
    """The repeat says the same under the same ids, and decides nothing anew."""
    document = uuid4()
    await muniment.submit(document, TEXT.encode())
    first = {r.header("ce_id") for r in muniment.log.sent}
    before = await muniment.parts.pool.fetchval("select count(*) from muniment_deciding.inbox")
    await muniment.again(muniment.log.sent[0])
    assert {r.header("ce_id") for r in muniment.log.sent if "StepProgressed" not in str(r.header("ce_type"))} <= first
    assert await muniment.parts.pool.fetchval("select count(*) from muniment_deciding.inbox") == before


async def test_the_same_again_is_unchanged(muniment: Muniment, endpoint: str) -> None:
    """Nothing is read, cut or embedded; another content is the next version."""
    document = uuid4()
    await muniment.submit(document, TEXT.encode())
    asked = calls(endpoint)
    assert kinds(await muniment.submit(document, TEXT.encode())) == [DocumentUnchanged]
    assert calls(endpoint) == asked
    *_, indexed = await muniment.submit(document, TEXT.encode() + b"And more.")
    assert isinstance(indexed, DocumentIndexed)
    assert indexed.version == 2


async def test_a_document_at_fault_is_refused(muniment: Muniment) -> None:
    """With its reason, and no retry; a later good version goes through."""
    document = uuid4()
    *_, refused = await muniment.submit(document, b"\x7fELF\x02\x01\x01" + bytes(64), "leave.bin")
    assert isinstance(refused, DocumentRefused)
    assert refused.code == "type_not_allowed"
    assert kinds(await muniment.submit(document, TEXT.encode())) == WAY


async def test_a_deletion_purges(muniment: Muniment) -> None:
    """Original and text are gone from the store; a second deletion is rejected; the document may come again."""
    document = uuid4()
    submitted, extracted, *_ = await muniment.submit(document, TEXT.encode())
    assert isinstance(submitted, DocumentSubmitted)
    assert isinstance(extracted, DocumentExtracted)
    deleted, purged = await muniment.delete(document)
    assert isinstance(deleted, DocumentDeleted)
    assert isinstance(purged, DocumentPurged)
    assert (purged.blobs_removed, purged.blobs_shared) == (2, 0)
    for ref in (submitted.blob, extracted.text_blob):
        assert not await muniment.parts.claims.blobs.delete(muniment.tenant, ref)
    assert kinds(await muniment.delete(document)) == [CommandRejected]
    assert kinds(await muniment.submit(document, TEXT.encode())) == WAY


async def test_what_another_document_holds_stays(muniment: Muniment) -> None:
    """Two documents of the same bytes: the first deletion takes only its claims."""
    one, other = uuid4(), uuid4()
    await muniment.submit(one, TEXT.encode())
    await muniment.submit(other, TEXT.encode())
    *_, purged = await muniment.delete(one)
    assert isinstance(purged, DocumentPurged)
    assert (purged.blobs_removed, purged.blobs_shared) == (0, 2)
    *_, purged = await muniment.delete(other)
    assert isinstance(purged, DocumentPurged)
    assert (purged.blobs_removed, purged.blobs_shared) == (2, 0)


@pytest.mark.parametrize(
    "after", ["DocumentSubmitted", "DocumentExtracted", "ChunksPrepared", "DocumentChunked", "ChunksEmbedded"]
)
async def test_a_cancellation_after_any_step_leaves_nothing(muniment: Muniment, after: str) -> None:
    """Steps that have not heard of it work on, and come to nothing: no version, no byte, no count, no dead letter."""
    document, job, heard = uuid4(), uuid4(), list[Event]()

    async def cancel() -> None:
        command = CancelJob(document_id=document, job_id=job, reason="not wanted")
        heard.extend(await muniment.command(command, uuid4()))

    muniment.log.then = {after: cancel}
    found = await muniment.submit(document, TEXT.encode(), job=job)
    # Chunking may say that it is done while the cancellation is under way.
    assert [kind for kind in kinds(heard) if kind is not DocumentChunked] == [JobCancelled, VersionRolledBack]
    assert DocumentIndexed not in kinds(found)
    for table in ("muniment_claims.claims", "muniment_indexing.batches", "muniment_indexing.totals"):
        assert await muniment.parts.pool.fetchval(f"select count(*) from {table}") == 0, table
    assert [p for p in (muniment.parts.settings.home / "blobs" / muniment.tenant).rglob("*") if p.is_file()] == []
    assert kinds(await muniment.submit(document, TEXT.encode())) == WAY


async def test_an_announced_version_is_not_cancelled(muniment: Muniment) -> None:
    """Not even before the decider has heard of it: the cancellation is rejected, and everything stays."""
    document, job, heard = uuid4(), uuid4(), list[Event]()

    async def cancel() -> None:
        command = CancelJob(document_id=document, job_id=job, reason="not wanted")
        heard.extend(await muniment.command(command, uuid4()))

    muniment.log.then = {"DocumentIndexed": cancel}
    await muniment.submit(document, TEXT.encode(), job=job)
    assert kinds(heard) == [CommandRejected]
    assert await muniment.parts.pool.fetchval("select count(*) from muniment_claims.claims") == 2
    assert kinds(await muniment.submit(document, TEXT.encode())) == [DocumentUnchanged]


async def test_an_address_on_the_inside_is_rejected(muniment: Muniment) -> None:
    """By the step that would have fetched it; the decider forgets it, and nothing is stored."""
    document, job = uuid4(), uuid4()
    command = SubmitUrl(document_id=document, url="http://127.0.0.1/", title=None, metadata={}, lane="normal")
    requested, rejected = await muniment.command(command, job)
    assert isinstance(rejected, CommandRejected)
    assert (rejected.job_id, rejected.code) == (job, "url_forbidden")
    assert kinds([requested]) == [DocumentRequested]
    assert kinds(await muniment.delete(document)) == [CommandRejected]
