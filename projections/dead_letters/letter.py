"""A dead letter as a row, read from the headers of its record alone: whatever cannot be decoded ends here."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from muniment.projections.rows import named, storable
from muniment.schemas.ids import trace_of
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import BRANCH, MOST_TIMES, RetryState, retry_state
from muniment.schemas.topics import BESIDE

UNKNOWN = "unknown"
EPOCH = datetime.fromtimestamp(0, UTC)
MOST = 2**31 - 1


@dataclass(frozen=True)
class DeadLetter:
    """A row of `dead_letters`: what its record said when it was buried, which never changes.

    Attributes:
        identity: What makes two records on the topic the same dead letter.
        letter: Its name everywhere else: its place on the dead-letter topic, as `topic:partition:offset`.
        branch: Whose work it was of a step that several groups run, each for itself (the embedding model); else empty.
        program: The version of Muniment that buried it; empty when it does not say.
        redrive_id: The redrive that it has failed again after, if any.
        redrive_letter: The dead letter that it was then.
        redrive_times: How often it has been redriven before.

    """

    identity: str
    letter: str
    topic: str
    partition: int
    offset: int
    tenant: str
    step: str
    branch: str
    code: str
    category: str
    fingerprint: str
    attempts: int
    waits: int
    first_failed_at: datetime
    failed_at: datetime
    origin_topic: str
    origin_partition: int
    origin_offset: int
    event_type: str
    event_id: UUID | None
    document_id: UUID | None
    job_id: UUID | None
    trace_id: str
    error: str
    program: str
    redrive_id: UUID | None
    redrive_letter: str | None
    redrive_times: int


def letter_of(record: Record) -> DeadLetter:
    """The row of a record of the dead-letter topic; what its headers do not tell is `unknown`, never left out."""
    place = Position(record.topic, record.partition or 0, record.offset or 0)
    state = retry_state(record)
    origin = state.origin if state else place
    step, code = (state.step, state.code.value) if state else (UNKNOWN, UNKNOWN)
    at = _moment(record.timestamp_ms or 0, EPOCH)
    redrive_id, redrive_letter, redrive_times = _redrive(record)
    return DeadLetter(
        identity=_identity(record, state, place),
        letter=str(place),
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        tenant=named(record.header("tenant") or ""),
        step=named(step),
        # Of other steps the header says nothing: it is whatever the record was sent with.
        branch=named(record.header(BRANCH) or "") if step in BESIDE else "",
        code=code,
        category=state.category if state else UNKNOWN,
        fingerprint=named(state.fingerprint if state and state.fingerprint else f"{step}.{code}"),
        attempts=_count(state.attempt) if state else 0,
        waits=_count(state.waits) if state else 0,
        first_failed_at=_moment(state.first_failed_ms, at) if state else at,
        failed_at=at,
        origin_topic=storable(origin.topic),
        origin_partition=origin.partition,
        origin_offset=origin.offset,
        event_type=storable(event_name(record)),
        event_id=_uuid(record.header("ce_id")),
        document_id=_uuid(record.key.decode("utf-8", "replace")),
        job_id=_uuid(record.header("correlation_id")),
        trace_id=storable(trace_of(record.header("traceparent") or "")),
        error=storable(state.error) if state else "the record carries no readable failure headers",
        program=storable(record.header("retry_program") or ""),
        redrive_id=redrive_id,
        redrive_letter=redrive_letter,
        redrive_times=redrive_times,
    )


def _redrive(record: Record) -> tuple[UUID | None, str | None, int]:
    """The redrive that the record went through; all or nothing, so that half a header moves no other letter."""
    redrive_id, letter, times = (record.header(f"redrive_{name}") or "" for name in ("id", "letter", "times"))
    try:
        found = UUID(redrive_id), str(Position.parse(letter)), int(times)
    except ValueError:
        return None, None, 0
    return found if 0 < found[2] < MOST_TIMES else (None, None, 0)


def _identity(record: Record, state: RetryState | None, place: Position) -> str:
    if state is None:
        return str(place)
    # Not when it failed: a record that has no past yet fails for the first time at every repeat.
    whose = f"{state.origin}|{state.step}|{record.header('ce_id') or ''}"
    branch = f"|for {record.header(BRANCH)}" if record.header(BRANCH) else ""
    past = f"|{record.header('redrive_id')}|{record.header('redrive_times')}" if record.header("redrive_id") else ""
    return named(whose + branch + past)


def _count(number: int) -> int:
    return max(0, min(number, MOST))


def _moment(ms: int, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
