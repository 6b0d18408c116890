"""A step whose every input says what is to happen to it, for tests of the hosts. No keys, no database."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from uuid import UUID, uuid4, uuid5

from muniment.schemas.codec import Envelope, encode
from muniment.schemas.documents import DocumentChunked, DocumentIndexed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.ids import new_traceparent
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.metadata import NORMAL, Metadata
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state


class Panic(BaseException):
    """What a Rust extension raises."""


class Do(IntEnum):
    """What the step does with an input."""

    WORK = 0
    RAISE = 1
    REFUSE = 2
    RECOVER = 3
    SLEEP = 4
    HANG = 5
    BLOCK = 6
    OUTAGE = 7
    NEVER = 8
    PANIC = 9
    STRAY_CANCEL = 10
    OVERSIZE = 11
    FAIL_LATE = 12
    DEAD_HOST = 13


class ToyStep:
    """Stands in for `indexing`: reads `DocumentChunked`, yields progress and then `DocumentIndexed`.

    It works on the records of one tenant only: those of other tests on the same broker pass.
    """

    name = "indexing"
    reads = (DocumentChunked,)
    late = ErrorCode.STEP_TIMEOUT
    orders = True
    works_for_cancelled = False
    breakers_apart: frozenset[str] = frozenset()
    slow = False
    shared = False
    branch = ""

    def __init__(self, tenant: str, timeout_s: float = 2.0) -> None:
        self.tenant = tenant
        self.timeout_s = timeout_s
        self.blocked = False
        self.runs: list[tuple[UUID, int]] = []
        self.settled_inputs: list[UUID] = []

    def lane(self, record: Record) -> bytes:
        return record.key

    def concerned(self, record: Record) -> bool:
        del record
        return True

    def headers(self, item: Event) -> Mapping[str, str]:
        del item
        return {}

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        event = envelope.event
        assert isinstance(event, DocumentChunked)
        if envelope.meta.tenant != self.tenant:
            return  # of another test on the same broker
        self.runs.append((event.document_id, event.version))
        await self._misbehave(Do(event.batches), event, envelope)
        for done in (1, 2):
            yield StepProgressed(
                document_id=event.document_id,
                version=event.version,
                job_id=event.job_id,
                step=self.name,
                done=done,
                total=2,
                unit="parts",
            )
        if event.batches == Do.FAIL_LATE:
            raise ValueError("secret text of the document")
        if event.batches == Do.OVERSIZE:
            yield Record("muniment.jobs", str(event.document_id).encode(), b"x" * (3 * 1024 * 1024), ())
        yield indexed(event)

    async def settled(self, envelope: Envelope) -> None:
        self.settled_inputs.append(envelope.event.document_id)

    async def _misbehave(self, what: Do, event: DocumentChunked, envelope: Envelope) -> None:
        state = retry_state(envelope.record)
        if what is Do.RAISE or (what is Do.RECOVER and (state is None or state.attempt < 2)):
            raise ValueError("secret text of the document")
        if what is Do.REFUSE:
            raise Refused(ErrorCode.NO_TEXT, "there is no text in it")
        if what is Do.SLEEP:
            await asyncio.sleep(event.tokens / 1000)
        if what is Do.HANG:
            await asyncio.sleep(3600)
        self._fail(what, 0 if state is None else state.waits)
        if what is Do.PANIC:
            raise Panic
        if what is Do.STRAY_CANCEL:
            raise asyncio.CancelledError

    def _fail(self, what: Do, waits: int) -> None:
        if what is Do.BLOCK and self.blocked:
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")
        if what is Do.OUTAGE and waits < 2:
            raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "503", retry_after_s=0.2)
        if what is Do.DEAD_HOST and self.blocked:
            raise StepFailure(ErrorCode.BREAKER_OPEN, "not called", retry_after_s=0.2, breaker="fetching:dead")
        if what is Do.NEVER:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "400")


def indexed(event: DocumentChunked) -> DocumentIndexed:
    """The result of an input."""
    return DocumentIndexed(
        document_id=event.document_id,
        version=event.version,
        job_id=event.job_id,
        chunks=event.chunks,
        batches=event.batches,
        model="toy",
        tokens=event.tokens,
        cost_micros=0,
        embedded=0,
        reused=0,
    )


def job(
    tenant: str,
    *,
    do: Do = Do.WORK,
    document_id: UUID | None = None,
    version: int = 1,
    tokens: int = 0,
    lane: str = NORMAL,
) -> Record:
    """An input for the toy step: `do` says what happens to it, `tokens` for how many milliseconds it sleeps."""
    document_id = document_id or uuid4()
    event = DocumentChunked(
        document_id=document_id, version=version, job_id=uuid5(document_id, "job"), chunks=1, batches=do, tokens=tokens
    )
    event_id = uuid5(document_id, f"chunked/{version}")
    meta = Metadata(
        event_id=event_id,
        tenant=tenant,
        correlation_id=event.job_id,
        causation_id=event.job_id,
        time=datetime.now(UTC),
        source="muniment.chunking",
        traceparent=new_traceparent(event.job_id, event_id),
        lane=lane,
    )
    return encode(event, meta, None)
