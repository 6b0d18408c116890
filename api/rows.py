"""Rows of read models as answers, pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.api.answers import Document, Failure, Highlight, Hit, Job, Progress, Scores, Version
from muniment.projections.chunks.queries import Hit as HitRow
from muniment.projections.documents.queries import DocumentRow, Latest, VersionRow
from muniment.projections.jobs.queries import JobRow
from muniment.schemas.codec import decode
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.script_commands import CancelDraft, GenerateDraft

ENDS = frozenset({"succeeded", "refused", "rejected", "failed", "cancelled"})


def document_answer(row: DocumentRow, latest: VersionRow | Latest | None = None) -> Document:
    """A document; `latest` adds the job and the error of its newest version."""
    return Document(
        document_id=row.document_id,
        status=row.status,
        title=row.title,
        file_name=row.file_name,
        media_type=row.media_type,
        metadata=dict(row.metadata),
        active_version=row.active_version,
        latest_version=row.latest_version,
        size_bytes=row.size_bytes,
        characters=row.characters,
        pages=row.pages,
        chunks=latest.chunks if latest else None,
        job_id=latest.job_id if latest else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        error=_failure(latest.code, latest.reason) if latest else None,
    )


def version_answer(row: VersionRow, active: int | None) -> Version:
    """A version; `active` is the one that search sees."""
    return Version(
        version=row.version,
        status=row.status,
        active=row.version == active,
        job_id=row.job_id,
        title=row.title,
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        characters=row.characters,
        pages=row.pages,
        chunks=row.chunks,
        tokens=row.tokens,
        findings=dict(row.findings),
        submitted_at=row.submitted_at,
        indexed_at=row.indexed_at,
        error=_failure(row.code, row.reason),
    )


def job_answer(row: JobRow, *, searchable: bool = True) -> Job:
    """A job. One that waits for a retry shows its last error, one that went well none.

    `searchable` is false while search has not come to the version that the job brought: until then it is running,
    for whoever sees it end goes and searches.
    """
    state = row.state if searchable else "running"
    ended = state in ENDS
    known = row.done is not None and row.total is not None and row.unit is not None
    return Job(
        job_id=row.job_id,
        document_id=row.document_id if row.project_id is None else None,
        project_id=row.project_id,
        episode_id=row.episode_id,
        draft_id=row.draft_id,
        kind=row.kind,
        version=row.version,
        state=state,
        ended=ended,
        outcome=outcome(row) if ended else None,
        step=row.step,
        progress=Progress(done=row.done or 0, total=row.total or 0, unit=row.unit or "") if known else None,
        attempts=row.attempt,
        retry_due_at=row.retry_due_at if row.state == "waiting_retry" else None,
        queue_position=row.queue_position,
        submitted_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.finished_at if ended else None,
        chunks=row.chunks,
        tokens=row.tokens,
        cost_micros=row.cost_micros,
        error=None if row.state == "succeeded" else _failure(row.error_code, row.error),
    )


def waiting_job_answer(job_id: UUID, record: Record, accepted_at: datetime) -> Job | None:
    """A job whose command was accepted and is not on the log yet; `None` for a command that is no job."""
    command = decode(record, lambda _: None).event
    kind = _KINDS.get(type(command))
    if kind is None:
        return None
    return Job(
        job_id=job_id,
        document_id=getattr(command, "document_id", None),
        project_id=getattr(command, "project_id", None),
        episode_id=getattr(command, "episode_id", None),
        draft_id=getattr(command, "draft_id", None),
        kind=kind,
        state="queued",
        ended=False,
        attempts=0,
        cost_micros=0,
        submitted_at=accepted_at,
    )


_KINDS: Mapping[type[Event], str] = {
    SubmitDocument: "submit",
    SubmitUrl: "submit",
    DeleteDocument: "delete",
    CancelJob: "cancel",
    GenerateDraft: "generate",
    CancelDraft: "cancel",
}
"""The commands that are jobs, and of which kind."""


def outcome(row: JobRow) -> str:
    """What came of a job that has ended; one that never left deciding and went well found nothing to do."""
    if row.state != "succeeded":
        return row.state
    if row.kind == "delete":
        return "deleted"
    if row.kind == "generate":
        return "written"
    if row.kind == "cancel":
        return "cancelled"
    return "indexed" if row.indexed else "unchanged"


def hit_answer(row: HitRow) -> Hit:
    """A hit."""
    return Hit(
        document_id=row.document_id,
        version=row.version,
        ordinal=row.ordinal,
        title=row.title,
        file_name=row.file_name,
        media_type=row.media_type,
        page=row.page,
        heading=row.heading,
        start=row.start,
        end=row.end,
        text=row.text,
        highlights=[Highlight(start=start, end=end) for start, end in row.highlights],
        scores=Scores(
            score=row.score,
            vector_rank=row.vector_rank,
            text_rank=row.text_rank,
            vector_score=row.vector_score,
            text_score=row.text_score,
            coverage=row.coverage,
        ),
    )


def _failure(code: Any, reason: Any) -> Failure | None:
    return Failure(code=code, reason=reason or "") if code else None
