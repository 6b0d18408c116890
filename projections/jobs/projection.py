"""The jobs read model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from muniment.projections.changed import same
from muniment.projections.jobs import feed_store
from muniment.projections.jobs.draft_facts import drafts_ended
from muniment.projections.jobs.feed import Change, folded, said_of
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.timeline import Past, Said, followed, placed, straight, timed
from muniment.projections.jobs.timeline import late as is_late
from muniment.projections.jobs.what import Fact
from muniment.projections.past_rows import keep, ranges
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.upsert import built, upsert
from muniment.projections.validity import Moment
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
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.metrics import RAG_JOB_DURATION, RAG_QUEUE_LENGTH
from muniment.schemas.projects import EpisodeDeleted, ProjectCommandRejected, ProjectDeleted
from muniment.schemas.script_commands import CancelDraft, GenerateDraft
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    DraftCancelled,
    DraftErased,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftStreamed,
    DraftWritten,
)
from muniment.schemas.topics import (
    CHUNKS,
    COMMANDS_DOCUMENTS,
    COMMANDS_PROJECTS,
    DLQ,
    DOCUMENTS,
    EMBEDDINGS,
    JOBS,
    PROJECTS,
    RETRY_TIERS,
)

_ADD = """
insert into {s}.jobs (job_id, tenant, document_id) select * from unnest($1::uuid[], $2::text[], $3::uuid[])
on conflict do nothing returning job_id
"""
# What a person said when they cancelled a job is the one thing here that is about the document's content.
_FORGET = """
update {s}.{table} set error = null
where tenant = $1 and document_id = $2 and error_code = 'job_cancelled' and finished_at <= $3"""
_UNTELL = """
delete from {s}.feed where tenant = $1 and document_id = $2 and position('"job_cancelled"' in job) > 0"""
_LOCK = "select * from {s}.jobs where job_id = any($1) order by job_id for update"
_GIVEN = "unnest($1::text[], $2::uuid[], $3::uuid[]) as given(t, d, j)"
_IS = "tenant = t and document_id = d and job_id = j"
_PAST = f"select past.* from {{s}}.past_jobs past join {_GIVEN} on {_IS}"  # noqa: S608 - constants only
_ANEW = f"delete from {{s}}.past_jobs using {_GIVEN} where {_IS}"  # noqa: S608 - constants only
_OPEN = """select count(*) from {s}.jobs where "end" is null and kind is not null and state <> 'waiting_retry'"""
_OF_PROGRESS = (
    *("state", "step", "done", "total", "unit", "attempt", "waits", "retry_due_at", "retry_code", "retry_error"),
    *("started_at", "active_at", "ordered_at", "from_at", "from_place"),
)
"""Columns that progress and retries have a part in, which are on the log for some days only."""
_VIEW = """
select job_id, tenant, kind, document_id, version, state, step, done, total, unit, attempt, waits,
    case when state = 'waiting_retry' then retry_due_at end as retry_due_at,
    case when state = 'waiting_retry' then retry_code else error_code end as error_code,
    case when state = 'waiting_retry' then retry_error else error end as error,
    tokens, cost_micros, chunks, embedded, reused, lane, created_at, started_at, finished_at, command_partition,
    command_offset, project_id, episode_id, draft_id, "end"{moments}
from {rows} where kind is not null
"""
_OF_DRAFTS = """
select tenant, draft_id, job_id from {s}.jobs join unnest($1::text[], $2::uuid[]) as given(t, d)
on tenant = t and draft_id = d where kind is distinct from 'cancel'"""
_MOMENTS = ", from_at, from_place, to_at, to_place"


_SHUT = (
    GenerateDraft,
    CancelDraft,
    DraftRequested,
    DraftPrompted,
    DraftStreamed,
    DraftWritten,
    DraftCancelled,
    ProjectDeleted,
    EpisodeDeleted,
)
"""Events of drafts with sealed fields: nothing of what they say is looked at."""
_OF_CONTENT = (
    SubmitDocument,
    SubmitUrl,
    DeleteDocument,
    CancelJob,
    DocumentSubmitted,
    DocumentExtracted,
    DocumentRequested,
    DocumentFetched,
    DocumentDeleted,
)
"""Events whose sealed fields say what a document holds, or why somebody wants something: no part of a job."""


class Jobs(Projection):
    """Jobs of documents and of drafts, from commands, facts, progress, retry tiers and dead letters."""

    name = "jobs"
    version = 5
    topics = (
        COMMANDS_DOCUMENTS,
        DOCUMENTS,
        CHUNKS,
        EMBEDDINGS,
        JOBS,
        DLQ,
        *RETRY_TIERS,
        COMMANDS_PROJECTS,
        PROJECTS,
    )
    raw_topics = frozenset(t.name for t in (DLQ, *RETRY_TIERS))
    handles = (
        SubmitDocument,
        SubmitUrl,
        DeleteDocument,
        CancelJob,
        DocumentSubmitted,
        DocumentUnchanged,
        CommandRejected,
        DocumentExtracted,
        DocumentRefused,
        DocumentChunked,
        DocumentIndexed,
        DocumentDeleted,
        DocumentErased,
        DocumentPurged,
        DocumentRequested,
        DocumentFetched,
        JobCancelled,
        VersionRolledBack,
        ChunksPrepared,
        ChunksEmbedded,
        StepProgressed,
        *_SHUT,
        ProjectCommandRejected,
        DraftCharged,
        DraftRefused,
        DraftErased,
    )
    tables = ("jobs", "past_jobs")
    not_from_log: ClassVar = {"feed": "what live readers are still to be told; rows go after some days"}
    fading: ClassVar = {
        "past_jobs": (JOBS, *RETRY_TIERS),
        **{f"jobs.{column}": (JOBS, *RETRY_TIERS) for column in _OF_PROGRESS},
    }
    by_document = True
    unopened = (ChunksPrepared, ChunksEmbedded, *_OF_CONTENT, *_SHUT)
    views: ClassVar = {
        "jobs": _VIEW.replace("{moments}", "").replace("{rows}", "{schema}.jobs"),
        "job_ranges": _VIEW.replace("{moments}", _MOMENTS).replace("{rows}", f"({ranges('jobs')}) j"),
        "job_feed": "select * from {schema}.feed",
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> list[Job]:
        """See `Projection.apply`; gives the jobs that ended in this batch."""
        told = said_of(batch, await _jobs_of(connection, schema, batch))
        if not told:
            await _forget(connection, schema, batch)
            return []
        before = await _load(connection, schema, (fact for _, fact in told))
        noted, said = timed(before, told)
        after, changes = folded(noted, told)
        after, past, late = await _dated(connection, schema, noted, said, changes)
        changed = [job for job_id, job in sorted(after.items()) if not same(job, before[job_id])]
        await upsert(connection, f"{schema}.jobs", ("job_id",), changed)
        if late:
            await connection.execute(_ANEW.format(s=schema), *_columns(late))
        await keep(connection, schema, "past_jobs", past)
        await feed_store.add(connection, schema, changes)
        await _forget(connection, schema, batch)
        return [job for job in changed if _over(job) and not _over(before[job.job_id])]

    def observe(self, result: object) -> None:
        """Count how long the ended jobs took."""
        jobs = result if isinstance(result, list) else []
        for job in jobs:
            took_ms = (job.finished_at - job.created_at).total_seconds() * 1000
            RAG_JOB_DURATION.labels(job.kind, job.state).observe(max(0.0, took_ms))

    async def measure(self, connection: Connection, schema: str) -> None:
        """Set the queue length, and let go of what was to be told long ago."""
        await feed_store.prune(connection, schema)
        RAG_QUEUE_LENGTH.set(await connection.fetchval(_OPEN.format(s=schema)))


async def _jobs_of(connection: Connection, schema: str, batch: Sequence[Item]) -> dict[tuple[str, UUID], UUID]:
    """The jobs of the drafts that this batch ends without naming them: as far as they are known, or in the batch."""
    items = [item for item in batch if isinstance(item, Envelope)]
    wanted = {(item.meta.tenant, draft_id) for item in items for draft_id in drafts_ended(item)}
    if not wanted:
        return {}
    tenants, drafts = zip(*sorted(wanted), strict=True)
    rows = await connection.fetch(_OF_DRAFTS.format(s=schema), list(tenants), list(drafts))
    found = {(row["tenant"], row["draft_id"]): row["job_id"] for row in rows}
    requested = [item for item in items if isinstance(item.event, DraftRequested)]
    return found | {(item.meta.tenant, item.event.draft_id): item.event.job_id for item in requested}  # type: ignore[attr-defined]


async def _forget(connection: Connection, schema: str, batch: Sequence[Item]) -> None:
    """Take out what was said of jobs of documents that this batch erases."""
    for item in batch:
        if isinstance(item, Envelope) and isinstance(item.event, DocumentErased):
            for table in ("jobs", "past_jobs"):
                sql = _FORGET.format(s=schema, table=table)
                await connection.execute(sql, item.meta.tenant, item.document_id, item.meta.time)
            await connection.execute(_UNTELL.format(s=schema), item.meta.tenant, item.document_id)


def _over(job: Job) -> bool:
    return job.end is not None and job.kind is not None


async def _dated(
    connection: Connection,
    schema: str,
    jobs: Mapping[UUID, Job],
    said: Mapping[UUID, Sequence[Said]],
    changes: Sequence[Change],
) -> tuple[dict[UUID, Job], list[Past], list[Job]]:
    """The jobs after these changes with the moments of their states, what is past, and whose past was made anew."""
    behind = {job_id: jobs[job_id] for job_id, facts in said.items() if is_late(jobs[job_id], facts)}
    known: dict[UUID, list[Past]] = {job_id: [] for job_id in jobs}
    if behind:
        for row in await connection.fetch(_PAST.format(s=schema), *_columns(behind.values())):
            known[row["job_id"]].append((built(Job, row), Moment(row["to_at"], row["to_place"])))
    changed: dict[UUID, list[Change]] = {job_id: [] for job_id in jobs}
    for change in changes:
        changed[change.job.job_id].append(change)
    after, past = dict(jobs), list[Past]()
    for job_id, facts in said.items():
        if job_id in behind or not straight(facts):
            after[job_id], ended = placed(jobs[job_id], known[job_id], facts)
        else:
            moments = {
                (one.record.topic, one.record.partition or 0, one.record.offset or 0): one.moment for one in facts
            }
            steps = [(moments[c.topic, c.partition, c.offset], c.job) for c in changed[job_id]]
            after[job_id], ended = followed(jobs[job_id], steps)
        past += ended
    return after, past, list(behind.values())


def _columns(jobs: Iterable[Job]) -> tuple[list[str], list[UUID], list[UUID]]:
    known = list(jobs)
    return [job.tenant for job in known], [job.document_id for job in known], [job.job_id for job in known]


async def _load(connection: Connection, schema: str, facts: Iterable[Fact]) -> dict[UUID, Job]:
    wanted = dict(sorted({f.job_id: f for f in facts}.items()))
    columns = list(wanted), [f.tenant for f in wanted.values()], [f.document_id for f in wanted.values()]
    added = {row["job_id"] for row in await connection.fetch(_ADD.format(s=schema), *columns)}
    known = [job_id for job_id in wanted if job_id not in added]
    rows = await connection.fetch(_LOCK.format(s=schema), known) if known else []
    # Of a row that was just added, only what it was added with is known.
    blank = {i: Job(i, f.tenant, f.document_id) for i, f in wanted.items() if i in added}
    return blank | {row["job_id"]: built(Job, row) for row in rows}
