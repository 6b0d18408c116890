"""The records that a failure leaves behind: into a retry tier, to the dead letters, or a refusal. Pure."""

from datetime import datetime
from uuid import UUID

from muniment.schemas.avro_types import NAMESPACE
from muniment.schemas.codec import Envelope, declaration_of
from muniment.schemas.documents import DocumentDeadLettered, DocumentRefused
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.ids import trace_of
from muniment.schemas.metadata import Metadata, from_headers
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import BRANCH, RetryState, by_this_program, origin_of, redrive_times, retry_state
from muniment.schemas.script_commands import GenerateDraft
from muniment.schemas.scripts import DraftFailed, DraftRequested
from muniment.schemas.topics import BESIDE, CHUNKS, COMMANDS_DOCUMENTS, DLQ, DOCUMENTS, EMBEDDINGS, RETRY_TIERS
from muniment.stream_apps.hosting.concerns import redelivered
from muniment.stream_apps.retrying.fingerprint import fingerprint
from muniment.stream_apps.retrying.policy import Block, DeadLetter, Limits, Move, Refuse, Wait, next_move, untried_ms
from muniment.stream_apps.scrubbing.scrub import scrub
from muniment.stream_apps.step import Step

OF_DOCUMENTS = frozenset(topic.name for topic in (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS))
"""Topics whose records are about a document each."""


def refusal(
    step: Step, envelope: Envelope, error: MunimentError, now: datetime
) -> tuple[DocumentRefused, Metadata] | None:
    """The `DocumentRefused` of a version, or `None` for an event that names no version and job to refuse."""
    version, job_id = getattr(envelope.event, "version", None), getattr(envelope.event, "job_id", None)
    if version is None or job_id is None:
        return None
    event = DocumentRefused(
        document_id=envelope.document_id,
        version=version,
        job_id=job_id,
        code=error.code.value,
        reason=error.detail,
    )
    name = event.declaration.name
    return event, envelope.meta.caused(step=step.name, event_type=name, index=0, now=now)


def judge(
    step: Step,
    record: Record,
    error: MunimentError,
    now_ms: int,
    limits: Limits,
    *,
    here_since_ms: int | None = None,
    paused_ms: int = 0,
) -> tuple[Move, RetryState]:
    """The next move for a record that failed with `error`, and what it then has to carry in its headers.

    Only a redelivered record has a past: retry headers on any other topic are not ours to believe. One without has
    failed first at `here_since_ms`, when it was held or waited here since, or just now. `paused_ms` is how long the
    step has not run since the record failed first.
    """
    past = retry_state(record) if redelivered(step, record) else None
    attempt, waits = (past.attempt, past.waits) if past else (0, 0)
    first_failed_ms = past.first_failed_ms if past else now_ms if here_since_ms is None else here_since_ms
    before_ms = past.untried_ms if past else 0
    asked = error.retry_after_s if isinstance(error, StepFailure) else None
    move = next_move(
        error.code,
        attempt=attempt,
        waits=waits,
        first_failed_ms=first_failed_ms,
        now_ms=now_ms,
        retry_after_s=asked,
        paused_ms=paused_ms + before_ms,
        limits=limits,
    )
    code = move.code if isinstance(move, DeadLetter) else error.code
    waited = isinstance(move, Wait) or code is ErrorCode.OUTAGE_TOO_LONG
    # Details are not to hold anything personal or secret. Should one do so, it goes no further than this.
    text = scrub(error.detail).text
    state = RetryState(
        step=step.name,
        attempt=attempt + (0 if waited else 1),
        waits=waits + (1 if waited else 0),
        first_failed_ms=first_failed_ms,
        due_ms=0 if isinstance(move, DeadLetter | Refuse | Block) else move.due_ms,
        origin=origin_of(record),
        code=code,
        error=text,
        fingerprint=fingerprint(code, text, step=step.name, schema=schema_key(record)),
        trace=trace_of(record.header("traceparent") or ""),
        untried_ms=untried_ms(before_ms, error.code, move, now_ms),
    )
    return move, state


def addressed(step: Step, record: Record, move: Move, state: RetryState) -> Record:
    """The record with its headers on its way to a tier or to the dead letters."""
    headers = state.to_headers() | ({BRANCH: step.branch} if step.branch else {})
    if isinstance(move, DeadLetter | Refuse | Block):
        return record.with_headers(headers | by_this_program()).to(DLQ.name)
    return record.with_headers(headers).to(RETRY_TIERS[move.tier].name)


def dead_lettered(
    step: Step, letter: Record, envelope: Envelope | None, state: RetryState, now: datetime
) -> tuple[DocumentDeadLettered | DraftFailed, Metadata] | None:
    """What the public topic learns of a dead letter that is on the log; `None` where nothing waits for its end.

    `envelope` is the dead record decoded, `None` where it cannot be. Its id is the same for every repeat, and another
    one each time the letter is redriven.
    """
    if envelope is not None and isinstance(envelope.event, GenerateDraft | DraftRequested):
        return _failed(step, letter, envelope, state, now)
    if state.origin.topic not in OF_DOCUMENTS or step.name in BESIDE:
        return None
    event = envelope.event if envelope else None
    try:
        meta = envelope.meta if envelope else from_headers(letter)
        document_id = UUID(letter.key.decode())
    except (MunimentError, ValueError):
        return None
    # A command is its own job: one that names a job (to cancel it) speaks of another.
    own = event is None or event.declaration.command
    name = DocumentDeadLettered.declaration.name
    public = DocumentDeadLettered(
        document_id=document_id,
        version=getattr(event, "version", 0),
        job_id=meta.correlation_id if own else getattr(event, "job_id", meta.correlation_id),
        step=step.name,
        code=state.code.value,
        category=state.category,
        fingerprint=state.fingerprint,
        attempts=state.attempt,
        letter=_place(letter),
    )
    return public, meta.caused(step=step.name, event_type=name, index=redrive_times(letter), now=now)


def _failed(
    step: Step, letter: Record, envelope: Envelope, state: RetryState, now: datetime
) -> tuple[DraftFailed, Metadata]:
    event = envelope.event
    assert isinstance(event, GenerateDraft | DraftRequested)
    failed = DraftFailed(
        project_id=event.project_id,
        episode_id=event.episode_id,
        draft_id=event.draft_id,
        job_id=envelope.meta.correlation_id,
        step=step.name,
        code=state.code.value,
        letter=_place(letter),
    )
    name = DraftFailed.declaration.name
    return failed, envelope.meta.caused(step=step.name, event_type=name, index=redrive_times(letter), now=now)


def _place(letter: Record) -> str:
    return str(Position(letter.topic, letter.partition or 0, letter.offset or 0))


def schema_key(record: Record) -> str:
    """The event's name and version (`Name.v1`) by its frame, else by its headers, else `unknown`."""
    try:
        return declaration_of(record).key
    except MunimentError:
        return (record.header("ce_type") or "").removeprefix(f"{NAMESPACE}.") or "unknown"
