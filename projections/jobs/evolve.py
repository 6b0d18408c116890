"""The state machine of a job, pure.

    queued -> running <-> waiting_retry
    queued | running | waiting_retry -> succeeded | refused | rejected | failed | cancelled
    failed -> succeeded (a dead letter that was redriven) | cancelled, never the other way

A job leaves traces on nine topics that have no order among each other, so every fact is merged by an operation whose
result does not depend on order or repetition (a maximum, a minimum, a set), and the state is derived from the merged
facts. A late record of a lower step therefore cannot move a job backwards. The one exception: of success and
cancellation, which lie on one topic and in one order, the first counts.
"""

from datetime import datetime
from typing import Any

from muniment.projections.changed import changed
from muniment.projections.jobs.state import ENDS, RANK, Job
from muniment.projections.jobs.what import (
    Accepted,
    Asked,
    Charged,
    Draft,
    Embedded,
    Ended,
    Fact,
    Reached,
    Retried,
    Totals,
)

_COUNTED = frozenset({"embedding", "indexing"})
"""Steps whose progress is the number of chunks that have their vectors."""
_WRITING = "generating"
_EITHER = {"cancelled", "succeeded"}


def evolve(job: Job, fact: Fact) -> Job:
    """The job after a fact."""
    match fact.what:
        case Asked() as what:
            job = _asked(job, what, fact.at)
        case Accepted() as what:
            job = _about(changed(job, version=_most(job.version, what.version)), what.draft)
            job = _seen(job, fact.at, started=False)
        case Reached() as what:
            job = _seen(_reached(job, what), fact.at)
        case Embedded() as what:
            job = _seen(_embedded(job, what), fact.at)
        case Charged() as what:
            job = _charged(job, what)
        case Retried() as what:
            job = _retried(job, what)
        case Ended() as what:
            job = _ended(job, what, fact.at)
    job = _counted(job)
    state = _state(job)
    return job if state == job.state else changed(job, state=state)


def is_transition(before: str, after: str) -> bool:
    """Whether a job may go from one state to another."""
    if before == after:
        return True
    if {before, after} == _EITHER:
        return False
    if before in ENDS:
        return after in ENDS and ENDS.index(after) > ENDS.index(before)
    return after != "queued" or before == "waiting_retry"


def _asked(job: Job, what: Asked, at: datetime) -> Job:
    if job.command_offset is not None and what.offset >= job.command_offset:
        # The same command again at a later place; the first is the one its position token names.
        return job
    asked = changed(_about(job, what.draft), kind=what.kind, lane=what.lane, created_at=at)
    return changed(asked, command_partition=what.partition, command_offset=what.offset)


def _about(job: Job, draft: Draft | None) -> Job:
    if draft is None:
        return job
    return changed(job, project_id=draft.project_id, episode_id=draft.episode_id, draft_id=draft.draft_id)


def _reached(job: Job, what: Reached) -> Job:
    mine = _progress(job.step) if job.step in _COUNTED else _progress(job.step, job.done, job.total, job.unit)
    # Chunks are counted from the batches on the log; what embedding says of its progress only tells that it is at work.
    counted = what.step in _COUNTED
    other = _progress(what.step) if counted else _progress(what.step, what.done, what.total, what.unit)
    version, chunks = _most(job.version, what.version), _most(job.chunks, what.chunks)
    if version != job.version or chunks != job.chunks:
        job = changed(job, version=version, chunks=chunks)
    if what.step == job.step == _WRITING:
        # How long it may get is said by one record, how long it is by others, on another topic.
        done, total = _most(job.done, what.done), _most(job.total, what.total)
        return changed(job, done=done, total=total, unit=max(job.unit or "", what.unit or "") or None)
    if what.step not in RANK or other <= mine:
        return job
    if counted:
        return changed(job, step=what.step, done=None, total=None, unit=None)
    return changed(job, step=what.step, done=what.done, total=what.total, unit=what.unit)


def _progress(step: str, done: int | None = None, total: int | None = None, unit: str | None = None) -> tuple[Any, ...]:
    return RANK.get(step, 0), -1 if done is None else done, total or 0, unit or ""


def _embedded(job: Job, what: Embedded) -> Job:
    job = _reached(job, Reached("embedding", what.version))
    marked = _marked(job, what.batch)
    if marked is None:
        return job
    job = marked
    if job.summed:
        return job
    return changed(
        job,
        tokens=job.tokens + what.tokens,
        cost_micros=job.cost_micros + what.cost_micros,
        embedded=job.embedded + what.embedded,
        reused=job.reused + what.reused,
    )


def _charged(job: Job, what: Charged) -> Job:
    marked = _marked(job, what.attempt)
    if marked is None:
        return job
    return changed(marked, tokens=job.tokens + what.tokens, cost_micros=job.cost_micros + what.cost_micros)


def _marked(job: Job, number: int) -> Job | None:
    """The job with this batch, or this try, marked as counted; `None` when it was."""
    bitmap = int.from_bytes(job.batches, "little")
    if bitmap >> number & 1:
        return None
    bitmap |= 1 << number
    return changed(job, batches=bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "little"))


def _retried(job: Job, what: Retried) -> Job:
    mine = (job.retry_due_at, job.attempt, job.waits, job.retry_code or "", job.retry_error or "")
    other = (what.due, what.attempt, what.waits, what.code, what.error)
    if job.retry_due_at is not None and other <= mine:
        return job
    return changed(
        job,
        attempt=what.attempt,
        waits=what.waits,
        retry_due_at=what.due,
        retry_code=what.code,
        retry_error=what.error,
    )


def _ended(job: Job, what: Ended, at: datetime) -> Job:
    if what.charged is not None:
        job = _charged(job, what.charged)
    if {job.end, what.end} == _EITHER:
        return job
    if what.step is not None and (job.started_at is None or at < job.started_at):
        job = changed(job, started_at=at)
    # `active_at` stays: an ended job waits for nothing, and a dead letter that was written twice has two times.
    job = _reached(job, Reached(what.step or job.step, what.version))
    if what.totals is not None:
        job = _summed(job, what.totals)
    known = (job.end, job.finished_at, job.error_code, job.error)
    if job.end is not None and _order(*known) <= _order(what.end, at, what.code, what.error):
        return job
    return changed(job, end=what.end, error_code=what.code, error=what.error, finished_at=at)


def _summed(job: Job, totals: Totals) -> Job:
    return changed(
        job,
        summed=True,
        chunks=_most(job.chunks, totals.chunks),
        tokens=totals.tokens,
        cost_micros=totals.cost_micros,
        embedded=totals.embedded,
        reused=totals.reused,
    )


def _order(end: str | None, at: datetime | None, code: str | None, error: str | None) -> tuple[Any, ...]:
    # The strongest end first; of equals the earliest.
    return -ENDS.index(end or "failed"), at, code or "", error or ""


def _seen(job: Job, at: datetime, *, started: bool = True) -> Job:
    if job.active_at is None or at > job.active_at:
        job = changed(job, active_at=at)
    if started and (job.started_at is None or at < job.started_at):
        job = changed(job, started_at=at)
    return job


def _counted(job: Job) -> Job:
    if job.step not in _COUNTED:
        return job
    done = job.embedded + job.reused
    if (job.done, job.total, job.unit) == (done, job.chunks, "chunks"):
        return job
    return changed(job, done=done, total=job.chunks, unit="chunks")


def _state(job: Job) -> str:
    if job.end:
        return job.end
    # Never early: whatever a retry leads to is recorded at or after its due time, so what was recorded before that
    # belongs to something else (another batch of the same job), and the job still waits.
    if job.retry_due_at and (job.active_at is None or job.active_at < job.retry_due_at):
        return "waiting_retry"
    return "running" if job.started_at else "queued"


def _most(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
