"""What a record says about its job."""

from datetime import UTC, datetime
from uuid import UUID

from muniment.projections.jobs.draft_facts import of_draft
from muniment.projections.jobs.what import (
    CANCELLED,
    DELETED,
    ERASED,
    Accepted,
    Asked,
    Embedded,
    Ended,
    Fact,
    JobsOf,
    Reached,
    Retried,
    Totals,
    What,
)
from muniment.projections.rows import shown_text, storable
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentChunked,
    DocumentDeleted,
    DocumentErased,
    DocumentExtracted,
    DocumentFetched,
    DocumentIndexed,
    DocumentPurged,
    DocumentRefused,
    DocumentRequested,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
    VersionRolledBack,
)
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.event import DocumentEvent
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import BESIDE, DLQ


def facts_of(item: Envelope | Record, jobs_of: JobsOf | None = None) -> list[Fact]:
    """The facts in an item; empty when it says nothing about a job. `jobs_of` has those of `drafts_ended`."""
    if isinstance(item, Record):
        fact = _of_record(item)
        return [fact] if fact else []
    if not isinstance(item.event, DocumentEvent):
        return of_draft(item, jobs_of or {})
    what, meta, document_id = _of_event(item), item.meta, item.document_id
    facts = [Fact(meta.correlation_id, meta.tenant, document_id, meta.time, what)] if what else []
    if isinstance(item.event, DocumentDeleted):
        # Work on what was deleted ends nowhere else; a job that had succeeded before stays so.
        gone = Ended("failed", code=DELETED, error="the document was deleted before the job ended")
        facts += [Fact(job_id, meta.tenant, document_id, meta.time, gone) for job_id in item.event.jobs]
    if isinstance(item.event, DocumentErased):
        over = Ended("cancelled", code=ERASED, error="the document was erased before the job ended")
        facts += [Fact(job_id, meta.tenant, document_id, meta.time, over) for job_id in item.event.jobs]
    if isinstance(item.event, JobCancelled):
        event = item.event
        ended = Ended("cancelled", version=event.version or None, code=CANCELLED, error=shown_text(event.reason))
        facts.append(Fact(event.job_id, meta.tenant, document_id, meta.time, ended))
    return facts


def _of_event(item: Envelope) -> What | None:  # noqa: C901, PLR0911, PLR0912 - one case an event, which is the point of a match
    match item.event:
        case SubmitDocument() | SubmitUrl() as e:
            return Asked("submit", e.lane, item.record.partition or 0, item.record.offset or 0)
        case DeleteDocument():
            return Asked("delete", None, item.record.partition or 0, item.record.offset or 0)
        case CancelJob():
            return Asked("cancel", None, item.record.partition or 0, item.record.offset or 0)
        case DocumentRequested() | DocumentFetched():
            return Reached("fetching")
        case DocumentSubmitted() as e:
            return Accepted(e.version)
        case DocumentUnchanged() as e:
            return Ended("succeeded", version=e.version)
        case CommandRejected() as e:
            return Ended("rejected", code=e.code, error=e.reason)
        case DocumentExtracted() as e:
            return Reached("chunking", e.version)
        case DocumentRefused() as e:
            return Ended("refused", "extracting", e.version, code=e.code, error=e.reason)
        case ChunksPrepared() as e:
            return Reached("chunking", e.version)
        case DocumentChunked() as e:
            return Reached("embedding", e.version, 0, e.chunks, "chunks", e.chunks)
        case ChunksEmbedded() as e:
            n = len(e.content_hashes)
            return Embedded(e.version, e.batch, n, e.tokens, e.cost_micros, e.embedded, e.reused)
        case DocumentIndexed() as e:
            totals = Totals(e.chunks, e.tokens, e.cost_micros, e.embedded, e.reused)
            return Ended("succeeded", "indexing", e.version, totals=totals)
        case DocumentDeleted() as e:
            return Reached("purging", e.version)
        case JobCancelled() as e:
            return Reached("purging", e.version or None)
        case DocumentPurged() as e:
            return Ended("succeeded", "purging", e.version)
        case VersionRolledBack() as e:
            return Ended("succeeded", "purging", e.version or None)
        case StepProgressed() as e:
            return Reached(e.step, e.version or None, e.done, e.total, e.unit)
        case _:
            return None


def _of_record(record: Record) -> Fact | None:
    state, tenant = retry_state(record), record.header("tenant")
    try:
        job_id, document_id = UUID(record.header("correlation_id") or ""), UUID(record.key.decode())
    except ValueError:
        # Undecodable from the start: no job can be told from it. The dead letters show it.
        return None
    if state is None or not tenant or state.step in BESIDE:
        return None
    error = storable(state.error)
    what: What
    if record.topic == DLQ.name:
        what = Ended("failed", state.step, code=state.code.value, error=error)
    else:
        due = datetime.fromtimestamp(state.due_ms / 1000, UTC)
        what = Retried(state.step, state.attempt, state.waits, due, state.code.value, error)
    at = datetime.fromtimestamp((record.timestamp_ms or 0) / 1000, UTC)
    return Fact(job_id, tenant, document_id, at, what)
