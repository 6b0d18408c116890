"""What a record says of a document, or of a project, by its headers and its ids, pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from muniment.projections.rows import storable
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope, wire_values
from muniment.schemas.errors import MunimentError
from muniment.schemas.metadata import NORMAL, event_name
from muniment.schemas.operations import DeadLetterEdited, DeadLetterRedriven
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import redrive_times, retry_state
from muniment.schemas.topics import COMMANDS_PROJECTS, DLQ, PROJECTS

_OF_PROJECTS = frozenset({COMMANDS_PROJECTS.name, PROJECTS.name})
BURIED = "DeadLetter"
"""What a record among the dead letters is called, whatever it was before."""


@dataclass(frozen=True)
class Entry:
    """Where the log says something of a document or a project; a row of `events`.

    Attributes:
        document_id: The document, or the project: what the record's key says.
        of_project: It is a project.
        episode_id: The episode of the project that it is about.
        draft_id: The draft that it is about.
        at: When it counts; with `place` its moment (see `projections.validity`).
        event: The name of the event, `DeadLetter` for a record that no retry could help.
        job_id: The job that it belongs to: the correlation id.
        causation_id: The event that directly caused this one; its own for a command.
        source: Which part said so.
        actor: Who asked for the job.
        code: Why a dead letter is one.
        times: How often a dead letter had been redriven before.

    """

    topic: str
    partition: int
    offset: int
    tenant: str
    document_id: UUID
    job_id: UUID
    at: datetime
    place: str
    event: str
    event_id: UUID
    causation_id: UUID
    source: str
    actor: str
    lane: str
    code: str | None = None
    times: int = 0
    of_project: bool = False
    episode_id: UUID | None = None
    draft_id: UUID | None = None


def entry_of(item: Envelope | Record) -> Entry | None:
    """The entry of a record, `None` for one that names no document and no project."""
    if isinstance(item, Record):
        return _entry(item, item.key.decode("utf-8", "replace"))
    event = item.event
    if isinstance(event, DeadLetterEdited | DeadLetterRedriven) and event.document_id is not None:
        job_id = getattr(event, "job_id", None)
        return _entry(item.record, str(event.document_id), job_id)
    return None


def _entry(record: Record, document_id: str, job_id: UUID | None = None) -> Entry | None:
    told = {name: record.header(name) or "" for name in ("tenant", "ce_source", "actor", "lane", "ce_id")}
    state = retry_state(record) if record.topic == DLQ.name else None
    try:
        moment = Moment.of_record(record)
        return Entry(
            topic=record.topic,
            partition=record.partition or 0,
            offset=record.offset or 0,
            tenant=storable(told["tenant"]),
            document_id=UUID(document_id),
            job_id=job_id or UUID(record.header("correlation_id") or ""),
            at=moment.at,
            place=moment.place,
            event=BURIED if record.topic == DLQ.name else storable(event_name(record)),
            event_id=UUID(told["ce_id"]),
            causation_id=UUID(record.header("causation_id") or ""),
            source=storable(told["ce_source"]),
            actor=storable(told["actor"]),
            lane=storable(told["lane"]) or NORMAL,
            code=state.code.value if state else None,
            times=redrive_times(record) if state else 0,
            of_project=(state.origin.topic if state else record.topic) in _OF_PROJECTS,
            **_parts(record),
        )
    except (ValueError, OverflowError):
        # No record of ours: the other read models park it, or the dead letters show it.
        return None


def _parts(record: Record) -> dict[str, UUID]:
    """The episode and the draft that a record about a project names: in clear, so nothing is opened for it."""
    if record.topic not in _OF_PROJECTS:
        return {}
    try:
        _, values = wire_values(record)
        return {name: UUID(str(values[name])) for name in ("episode_id", "draft_id") if values.get(name)}
    except (MunimentError, ValueError):
        return {}
