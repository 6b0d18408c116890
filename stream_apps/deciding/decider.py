"""What a document's commands lead to: `decide`, `evolve` and the state between them. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from muniment.schemas.commands import CancelJob, DeleteDocument, EraseDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentErased,
    DocumentFetched,
    DocumentIndexed,
    DocumentRefused,
    DocumentRequested,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
)
from muniment.stream_apps.deciding.state import Asked, Content, Standing, State

Command = SubmitDocument | SubmitUrl | DocumentFetched | DeleteDocument | CancelJob | EraseDocument
"""What is decided. Content that was fetched is decided like a submission, under the job that asked for it."""
Decision = (
    DocumentSubmitted
    | DocumentUnchanged
    | DocumentRequested
    | DocumentDeleted
    | DocumentErased
    | JobCancelled
    | CommandRejected
)
Outcome = DocumentIndexed | DocumentRefused | CommandRejected

K = TypeVar("K")
V = TypeVar("V")

NOT_FOUND = "document_not_found"
JOB_NOT_FOUND = "job_not_found"
JOB_ENDED = "job_ended"
CANCELLED = "job_cancelled"
OVERTAKEN = "overtaken"
ERASED = "document_erased"
_WHY = {
    NOT_FOUND: "there is no such document, or it is deleted already",
    JOB_NOT_FOUND: "the document has no such job",
    JOB_ENDED: "the job had ended before",
    CANCELLED: "the job was cancelled before it was decided",
    OVERTAKEN: "a later command of the same document was decided first, on a faster lane",
    ERASED: "the document was erased before the command was decided: what it said cannot be read any more",
}


def decide(command: Command, state: State, asked: Asked) -> Decision:  # noqa: C901, PLR0911 - one answer a case
    """The fact a command leads to."""
    if isinstance(command, EraseDocument):
        return _erase(command, state)
    job_id = command.job_id if isinstance(command, DocumentFetched) else asked.job_id
    if asked.unreadable:
        return _rejected(command, job_id, ERASED)
    if isinstance(command, CancelJob):
        return _cancel(command, state, asked)
    if job_id in state.doomed:
        return _rejected(command, job_id, CANCELLED)
    if isinstance(command, DocumentFetched) and job_id not in state.fetching:
        return _rejected(command, job_id, JOB_ENDED)
    if _place(state, job_id, asked) < state.offset:
        return _rejected(command, job_id, OVERTAKEN)
    match command:
        case SubmitDocument() | DocumentFetched():
            return _submit(command, state, job_id, Content(command.blob, asked.description))
        case SubmitUrl():
            return DocumentRequested(
                document_id=command.document_id,
                job_id=job_id,
                url=command.url,
                title=command.title,
                metadata=command.metadata,
                lane=command.lane,
            )
        case DeleteDocument() if state.latest == state.deleted and not state.fetching:
            return _rejected(command, job_id, NOT_FOUND)
        case DeleteDocument():
            return DocumentDeleted(
                document_id=command.document_id,
                version=state.latest,
                job_id=job_id,
                jobs=(*state.jobs, *state.fetching),
                reason=command.reason,
            )


def _submit(command: SubmitDocument | DocumentFetched, state: State, job_id: UUID, content: Content) -> Decision:
    # A version in work may replace what is active: only when there is none does the active one stay what it is.
    if not state.pending and state.content == content:
        return DocumentUnchanged(document_id=command.document_id, version=state.active, job_id=job_id)
    return DocumentSubmitted(
        document_id=command.document_id,
        version=state.latest + 1,
        job_id=job_id,
        file_name=command.file_name,
        title=command.title,
        metadata=command.metadata,
        blob=command.blob,
        size_bytes=command.size_bytes,
        source=command.source if isinstance(command, SubmitDocument) else "url",
        lane=command.lane,
    )


def _cancel(command: CancelJob, state: State, asked: Asked) -> Decision:
    target = command.job_id
    version = 0 if target in state.fetching else state.bringing.get(target)
    if asked.standing is Standing.UNKNOWN and version is None and target not in state.doomed:
        # Its command waits in a slower lane. It is on the log, so it will come.
        version = 0
    if asked.standing is Standing.ELSEWHERE:
        return _rejected(command, asked.job_id, JOB_NOT_FOUND)
    if version is None or asked.standing is Standing.INDEXED:
        return _rejected(command, asked.job_id, JOB_ENDED)
    return JobCancelled(document_id=command.document_id, version=version, job_id=target, reason=command.reason)


def _erase(command: EraseDocument, state: State) -> DocumentErased:
    """Whatever there is: to be forgotten is never refused, and twice is once."""
    in_work = (*state.bringing, *state.fetching)
    return DocumentErased(
        document_id=command.document_id, version=state.latest, erasure_id=command.erasure_id, jobs=in_work
    )


def _rejected(command: Command, job_id: UUID, code: str) -> CommandRejected:
    name = "SubmitUrl" if isinstance(command, DocumentFetched) else type(command).__name__
    return CommandRejected(document_id=command.document_id, job_id=job_id, command=name, code=code, reason=_WHY[code])


def _place(state: State, job_id: UUID, asked: Asked) -> int:
    """Where the command lies; content that was fetched takes the place of the command that asked for it."""
    return state.fetching.get(job_id, asked.offset)


def evolve(state: State, event: Decision | Outcome, asked: Asked) -> State:  # noqa: C901, PLR0911 - one answer a case
    """The state after an event; an event that was seen before changes nothing.

    A job's own command is decided once (see `store`): what only that says (`DocumentRequested`, a cancellation ahead
    of its job) is not looked for twice.
    """
    match event:
        case DocumentSubmitted() if event.version > state.latest:
            return replace(
                _taken(state, event.job_id, asked),
                latest=event.version,
                pending={**state.pending, event.version: Content(event.blob, asked.description)},
                jobs=(*state.jobs, event.job_id),
                bringing={**state.bringing, event.job_id: event.version},
            )
        case DocumentUnchanged():
            return _taken(state, event.job_id, asked)
        case DocumentRequested():
            return replace(state, fetching={**state.fetching, event.job_id: asked.offset})
        case DocumentIndexed():
            return _indexed(_ended(state, event.job_id), event.version)
        case DocumentRefused():
            return replace(_ended(state, event.job_id), pending=_without(state.pending, event.version))
        case DocumentDeleted() if event.version == state.latest:
            place = max(state.offset, asked.offset)
            return State(latest=state.latest, deleted=event.version, doomed=state.doomed, offset=place)
        case DocumentErased() if event.version == state.latest:
            # Digests of names and content are personal, too; what lies before this on a slower lane comes too late.
            place = max(state.offset, asked.offset)
            return State(latest=state.latest, deleted=event.version, doomed=state.doomed, offset=place)
        case JobCancelled():
            return _cancelled(state, event)
        case CommandRejected():
            return _turned_down(state, event, asked)
        case DocumentSubmitted() | DocumentDeleted() | DocumentErased():
            return state  # a repeat


def _taken(state: State, job_id: UUID, asked: Asked) -> State:
    """A command was taken: earlier ones of the document are too late from now on."""
    return replace(_ended(state, job_id), offset=max(state.offset, _place(state, job_id, asked)))


def _turned_down(state: State, event: CommandRejected, asked: Asked) -> State:
    # Nothing was there to delete: what was submitted before that, on a slower lane, is not to appear after it.
    after = _taken(state, event.job_id, asked) if event.code == NOT_FOUND else _ended(state, event.job_id)
    return replace(after, doomed=state.doomed - {event.job_id})


def _ended(state: State, job_id: UUID) -> State:
    """The job is not in work any more."""
    return replace(state, bringing=_without(state.bringing, job_id), fetching=_without(state.fetching, job_id))


def _indexed(state: State, version: int) -> State:
    if version <= max(state.active, state.deleted) or version in state.cancelled:
        return state
    pending = {v: c for v, c in state.pending.items() if v > version}
    cancelled = frozenset(v for v in state.cancelled if v > version)
    return replace(state, active=version, content=state.pending.get(version), pending=pending, cancelled=cancelled)


def _cancelled(state: State, event: JobCancelled) -> State:
    if not event.version:
        known = event.job_id in state.fetching
        doomed = state.doomed if known else state.doomed | {event.job_id}
        return replace(_ended(state, event.job_id), doomed=doomed)
    if event.job_id not in state.bringing:
        return state
    # One that a newer version has outrun is not in work for the document any more, only for its job.
    late = event.version <= max(state.active, state.deleted)
    return replace(
        _ended(state, event.job_id),
        pending=_without(state.pending, event.version),
        jobs=tuple(job for job in state.jobs if job != event.job_id),
        cancelled=state.cancelled if late else state.cancelled | {event.version},
    )


def _without(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    return {k: v for k, v in mapping.items() if k != key}
