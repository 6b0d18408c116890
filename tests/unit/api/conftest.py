"""An API on fakes of its ports: small, in memory, one tenant's things unseen by another's."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from httpx2 import ASGITransport, AsyncClient
from support.audit_reads import OneEntry
from support.erasures import NoErasures
from support.operation_reads import FakeOperationReads
from support.project_reads import MemoryProjects
from support.question_models import MemoryModels
from support.script_reads import MemoryScripts
from support.signed_in import MemoryAttempts, MemorySessions

from muniment.api.answers import Document, Hit, Job, Scores, Version
from muniment.api.app import create_app
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.ids import reserved
from muniment.api.keys import ApiKey, Scope
from muniment.api.pages import Page
from muniment.api.reads import Behind, Question, Stored
from muniment.api.settings import ApiSettings
from muniment.producers.blobs import Blob
from muniment.producers.embedding.embedder import Embedded
from muniment.producers.key_ring import KeyOwner
from muniment.producers.log_codec import LogCodec
from muniment.projections.history.queries import Happened
from muniment.projections.paging import Page as HistoryPage
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record
from muniment.schemas.sealing import DataKey

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


class FakePublisher:
    """A log that confirms everything, until `fails` says with what it does not.

    With `loses` the record gets there all the same; that which has come there is told by `published`.
    """

    def __init__(self) -> None:
        self.sent: list[Record] = []
        self.fails: ErrorCode | None = None
        self.loses = False

    async def published(self, topic: str, command_id: UUID) -> Position | None:
        again = reserved()
        there = [r for r in self.sent if r.topic == topic and r.header("ce_id") == str(command_id)]
        if again is None or not again.again or not there:
            return None
        return Position(topic, there[0].partition or 0, there[0].offset or 0)

    async def send(self, record: Record) -> Record:
        if there := await self.published(record.topic, UUID(record.header("ce_id") or "")):
            return replace(record, partition=there.partition, offset=there.offset)
        if self.fails and self.loses:
            self.sent.append(replace(record, partition=3, offset=len(self.sent), timestamp_ms=0))
        if self.fails:
            raise StepFailure(self.fails, "the broker said no")
        self.sent.append(replace(record, partition=3, offset=len(self.sent), timestamp_ms=0))
        return self.sent[-1]


class FakeKeyRing:
    """Data keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[tuple[str, UUID], DataKey] = {}
        self.destroyed: dict[UUID, KeyOwner] = {}

    async def create(self, tenant: str, document_id: UUID) -> DataKey:
        return self.keys.setdefault((tenant, document_id), DataKey(uuid4(), bytes(32)))

    async def current(self, tenant: str, document_id: UUID) -> DataKey | None:
        return self.keys.get((tenant, document_id))

    async def find(self, key_ids: Iterable[UUID]) -> Mapping[UUID, DataKey | None]:
        known: dict[UUID, DataKey | None] = dict.fromkeys(self.destroyed)
        known |= {k.key_id: k for k in self.keys.values()}
        return {i: known[i] for i in key_ids if i in known}

    async def owner(self, key_id: UUID) -> KeyOwner | None:
        owners = {key.key_id: KeyOwner(*place, destroyed=False) for place, key in self.keys.items()}
        return owners.get(key_id) or self.destroyed.get(key_id)

    async def tenant_key(self, tenant: str) -> bytes:
        return hashlib.sha256(tenant.encode()).digest()

    async def destroy(self, tenant: str, document_id: UUID, *, made_before: datetime | None = None) -> int:
        del made_before
        key = self.keys.pop((tenant, document_id), None)
        if key is None:
            return 0
        self.destroyed[key.key_id] = KeyOwner(tenant, document_id, destroyed=True)
        return 1


class FakeBlobs:
    """Bytes in a dictionary, by tenant and reference."""

    def __init__(self) -> None:
        self.bytes: dict[tuple[str, str], bytes] = {}

    async def open(self, tenant: str, ref: str) -> AsyncIterator[bytes]:
        if (tenant, ref) not in self.bytes:
            raise StepFailure(ErrorCode.BLOB_MISSING, "no blob")
        yield self.bytes[tenant, ref]


class FakeClaims:
    """A claim-check store that remembers who claimed what."""

    def __init__(self) -> None:
        self.blobs = FakeBlobs()
        self.claims: list[tuple[str, UUID, UUID, str]] = []
        self.largest_piece = 0

    async def put(self, tenant: str, document_id: UUID, job_id: UUID, kind: str, chunks: AsyncIterator[bytes]) -> Blob:
        content = b""
        async for piece in chunks:
            self.largest_piece = max(self.largest_piece, len(piece))
            content += piece
        ref = "sha256:" + hashlib.sha256(content).hexdigest()
        self.blobs.bytes[tenant, ref] = content
        self.claims.append((tenant, document_id, job_id, kind))
        return Blob(ref, len(content))

    async def release(self, tenant: str, document_id: UUID, jobs: Iterable[UUID]) -> None:
        gone = set(jobs)
        self.claims = [c for c in self.claims if c[2] not in gone]


class FakeKeys:
    """API keys by token."""

    def __init__(self) -> None:
        self.known: dict[str, ApiKey] = {}

    def add(self, token: str, tenant: str, *scopes: Scope) -> dict[str, str]:
        self.known[token] = ApiKey(f"id-{token}", tenant, frozenset(scopes), token, NOW)
        return {"Authorization": f"Bearer {token}"}

    async def find(self, token: str) -> ApiKey | None:
        return self.known.get(token)


class FakeEmbedder:
    """One dimension; `fails` makes it be away."""

    model = "fake"
    dimensions = 1

    def __init__(self) -> None:
        self.fails: ErrorCode | None = None

    async def embed(self, texts: Sequence[str], *, purpose: str) -> Embedded:
        if self.fails:
            raise StepFailure(self.fails, "away")
        return Embedded(np.ones((len(texts), 1), np.float32), len(texts))


class FakeRecords:
    """Records of the log by their place."""

    def __init__(self) -> None:
        self.held: dict[str, Record] = {}

    async def at(self, place: Position) -> Record | None:
        return self.held.get(str(place))


class FakeReads(FakeOperationReads):
    """Read models as dictionaries by tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.of_documents: dict[str, dict[UUID, Document]] = defaultdict(dict)
        self.of_jobs: dict[str, dict[UUID, Job]] = defaultdict(dict)
        self.hits: dict[str, list[Hit]] = defaultdict(list)
        self.stores: dict[tuple[str, UUID], Stored] = {}
        self.behind: Behind | None = None
        self.waited: list[tuple[str, list[Position], float]] = []
        self.asked: list[Question] = []
        self.fails: Exception | None = None
        self.moments: list[Moment] = []
        self.happened: dict[tuple[str, UUID], list[Happened]] = {}

    def as_of(self, moment: Moment) -> "FakeReads":
        self.moments.append(moment)
        return self

    async def model_then(self) -> str | None:
        return None

    async def document_history(self, tenant: str, document_id: UUID, **_: Any) -> HistoryPage[Happened]:
        return HistoryPage(tuple(self.happened.get((tenant, document_id), ())), None)

    async def project_history(self, tenant: str, part: str, identity: UUID, **_: Any) -> HistoryPage[Happened]:
        return HistoryPage(tuple(self.happened.get((tenant, identity), ())), None)

    async def job_history(self, tenant: str, job_id: UUID, **_: Any) -> HistoryPage[Happened]:
        return HistoryPage(tuple(self.happened.get((tenant, job_id), ())), None)

    async def wait_for(self, projection: str, positions: Sequence[Position], timeout_s: float) -> Behind | None:
        self.waited.append((projection, list(positions), timeout_s))
        return self.behind

    async def documents(self, tenant: str, **_: Any) -> Page[Document]:
        if self.fails:
            raise self.fails
        return Page(list(self.of_documents[tenant].values()), None)

    async def document(self, tenant: str, document_id: UUID) -> Document | None:
        return self.of_documents[tenant].get(document_id)

    async def versions(self, tenant: str, document_id: UUID) -> list[Version]:
        found = self.of_documents[tenant].get(document_id)
        if found is None:
            return []
        return [
            Version(version=1, status="indexed", active=True, file_name=found.file_name, size_bytes=1, submitted_at=NOW)
        ]

    async def stored(self, tenant: str, document_id: UUID, version: int | None) -> Stored | None:
        return self.stores.get((tenant, document_id))

    async def jobs(self, tenant: str, **_: Any) -> Page[Job]:
        return Page(list(self.of_jobs[tenant].values()), None)

    async def jobs_by_id(self, tenant: str, job_ids: Sequence[UUID]) -> list[Job]:
        return [job for i in job_ids if (job := self.of_jobs[tenant].get(i))]

    async def job(self, tenant: str, job_id: UUID) -> Job | None:
        return self.of_jobs[tenant].get(job_id)

    async def search(self, tenant: str, question: Question) -> Page[Hit]:
        self.asked.append(question)
        start = int(question.cursor or 0)
        after = start + question.k
        return Page(self.hits[tenant][start:after], str(after) if after < len(self.hits[tenant]) else None)

    async def open_jobs(self) -> int:
        return 2

    async def lag(self) -> Mapping[str, int]:
        return {"documents": 0}


class FakeTrail:
    """Entries in a list; `full` makes the disk take none."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.full = False

    def add(self, record: Record) -> None:
        if self.full:
            raise StepFailure(ErrorCode.DISK_FULL, "no room")
        self.records.append(record)

    def entries(self) -> list[Any]:
        return [decode(record, lambda _: None).event for record in self.records]


class FakeWorkers:
    """Who works, as a test says."""

    flag = True
    processes: int | None = 3

    def __init__(self) -> None:
        self.waiting: dict[str, str] = {}

    def apart(self) -> bool:
        return self.flag

    async def count(self) -> int | None:
        return self.processes

    async def waits(self) -> Mapping[str, str]:
        return self.waiting


class World:
    """The API, its fakes, and some callers."""

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        self.key_ring = FakeKeyRing()
        self.claims = FakeClaims()
        self.keys = FakeKeys()
        self.reads = FakeReads()
        self.embedder = FakeEmbedder()
        self.models = MemoryModels(self.embedder)
        self.records = FakeRecords()
        self.trail = FakeTrail()
        self.erasures = NoErasures()
        self.sessions = MemorySessions()
        self.attempts = MemoryAttempts()
        self.projects = MemoryProjects()
        self.scripts = MemoryScripts()
        self.workers = FakeWorkers()
        self.away: set[str] = set()
        self.settings = ApiSettings(max_upload_bytes=100_000, max_request_bytes=300_000, max_json_bytes=50_000)
        self.codec = LogCodec(self.key_ring)
        self.app = create_app(self.dependencies())
        self.mine = self.keys.add("mine", "acme", *Scope)
        self.theirs = self.keys.add("theirs", "umbrella", *Scope)
        self.reader = self.keys.add("reader", "acme", Scope.DOCUMENTS_READ)
        self.operator = self.keys.add("operator", "acme", Scope.OPERATE)

    def dependencies(self) -> Dependencies:
        return Dependencies(
            publisher=self.publisher,
            published=self.publisher.published,
            codec=self.codec,
            key_ring=self.key_ring,
            claims=self.claims,  # type: ignore[arg-type]
            keys=self.keys,
            reads=self.reads,
            embedder=self.embedder,
            models=self.models,
            records=self.records,
            trail=self.trail,
            audit=OneEntry(),
            erasures=self.erasures,
            sessions=self.sessions,
            attempts=self.attempts,
            projects=self.projects,
            scripts=self.scripts,
            workers=self.workers,
            settings=self.settings,
            required={"database": self.probe("database")},
            optional={"embeddings": self.probe("embeddings")},
        )

    def probe(self, name: str) -> Any:
        async def look() -> Mapping[str, Any]:
            if name in self.away:
                raise ConnectionError(name)
            return {"seen": 1}

        return look

    def client(self) -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.app, raise_app_exceptions=False), base_url="http://muniment")

    async def sent(self) -> list[Envelope]:
        return [await self.codec.decode(record) for record in self.publisher.sent]

    def add_document(self, tenant: str = "acme") -> UUID:
        document_id = uuid4()
        self.reads.of_documents[tenant][document_id] = Document(
            document_id=document_id,
            status="indexed",
            title="Leave",
            file_name="leave.md",
            media_type="text/markdown",
            metadata={},
            active_version=1,
            latest_version=1,
            size_bytes=3,
            created_at=NOW,
            updated_at=NOW,
        )
        return document_id

    def add_job(self, tenant: str = "acme") -> UUID:
        job_id = uuid4()
        self.reads.of_jobs[tenant][job_id] = Job(
            job_id=job_id, document_id=uuid4(), kind="submit", state="running", ended=False, submitted_at=NOW
        )
        return job_id

    def add_hits(self, count: int, tenant: str = "acme") -> None:
        self.reads.hits[tenant] += [
            Hit(
                document_id=uuid4(),
                version=1,
                ordinal=i,
                title="Leave",
                file_name="leave.md",
                page=None,
                heading=None,
                start=0,
                end=5,
                text="leave",
                highlights=[],
                scores=Scores(score=1.0),
            )
            for i in range(count)
        ]


@pytest.fixture
def world() -> World:
    """A fresh API on fresh fakes."""
    return World()
