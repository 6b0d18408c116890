"""What a live reader is told of jobs: a row for every record that changed one, pure.

A row says at which place of the log a job changed, and, where that is worth telling, how the job looked then. Rows
without a job are places only: with them, whoever was told everything up to some places can be told the rest, whatever
order the records were folded in (see `docs/decisions/0022-live-jobs.md`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from muniment.projections.changed import same
from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.queries import JobRow
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.what import Fact, JobsOf
from muniment.projections.projection import Item
from muniment.schemas.record import Record

KEPT = timedelta(days=3)
"""How long what happened can be told again; an event id that is older leads to a fresh start."""
MARGIN = timedelta(hours=12)
"""How much longer rows are kept than they are promised, so that no clock or batch can cut into the promise."""
_ROW = TypeAdapter(JobRow)
_SHOWN = tuple(f.name for f in fields(JobRow) if f.name != "queue_position")
_BY_STATE = frozenset({"retry_due_at", "error_code", "error"})
"""What is shown otherwise while a job waits for a retry."""
_shown_of = attrgetter(*(name for name in _SHOWN if name not in _BY_STATE))


@dataclass(frozen=True, slots=True)
class Change:
    """A job as a record left it.

    Attributes:
        topic: Where the record lies, with `partition` and `offset`.
        at: When the record was written.
        job: The job after it.
        told: Whether readers are shown the job as it was then; the last change of a batch always is.

    """

    topic: str
    partition: int
    offset: int
    at: datetime
    job: Job
    told: bool

    @property
    def row(self) -> JobRow | None:
        """What readers are shown; `None` when this change is not told."""
        return shown(self.job) if self.told else None


def folded(before: Mapping[UUID, Job], said: Iterable[tuple[Record, Fact]]) -> tuple[dict[UUID, Job], list[Change]]:
    """The jobs after these facts, and every change on the way.

    Between two records of one batch nobody could have looked: mere progress in between is not told, a step or a state
    that was passed through is.
    """
    jobs, found = dict(before), list[Change]()
    told: dict[UUID, int] = {}
    for record, fact in said:
        old = jobs[fact.job_id]
        new = jobs[fact.job_id] = evolve(old, fact)
        if same(new, old):
            continue
        change = _change(record, fact, new, told=_seen_to_change(old, new))
        if change.told:
            earlier = told.get(fact.job_id)
            if earlier is not None and _phase(found[earlier].job) == _phase(new):
                found[earlier] = replace(found[earlier], told=False)
            told[fact.job_id] = len(found)
        found.append(change)
    return jobs, found


def said_of(items: Iterable[Item], jobs_of: JobsOf | None = None) -> list[tuple[Record, Fact]]:
    """Each fact with the record that says it; `jobs_of` as for `facts_of`."""
    return [
        (item if isinstance(item, Record) else item.record, fact) for item in items for fact in facts_of(item, jobs_of)
    ]


def shown(job: Job) -> JobRow:
    """A job as the view `read.jobs` shows it; its place in the queue is for the moment of reading."""
    known = {name: getattr(job, name) for name in _SHOWN}
    if job.state == "waiting_retry":
        known |= {"error_code": job.retry_code, "error": job.retry_error}
    else:
        known |= {"retry_due_at": None}
    return JobRow(**known, queue_position=None)


def looks(job: Job) -> tuple[Any, ...]:
    """What tells two states apart for who is shown them, without what they are shown."""
    if job.state == "waiting_retry":
        return _shown_of(job), job.retry_due_at, job.retry_code, job.retry_error
    return _shown_of(job), job.error_code, job.error


def to_text(row: JobRow) -> str:
    """A job as it is kept in the feed."""
    return _ROW.dump_json(row).decode()


def from_text(text: str) -> JobRow:
    """A job out of the feed."""
    return _ROW.validate_json(text)


def _change(record: Record, fact: Fact, job: Job, *, told: bool) -> Change:
    at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC) if record.timestamp_ms else fact.at
    return Change(record.topic, record.partition or 0, record.offset or 0, at, job, told=told)


def _seen_to_change(old: Job, new: Job) -> bool:
    return new.kind is not None and (old.kind is None or looks(old) != looks(new))


def _phase(job: Job) -> tuple[Any, ...]:
    return job.state, job.step, job.version, job.retry_due_at
