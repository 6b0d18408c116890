"""Reading from the tables: what a reader missed, page by page, and how things are now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from muniment.api.live import frames
from muniment.api.live.feed import Moment
from muniment.api.live.frames import Frame
from muniment.api.live.telling import Telling
from muniment.api.live.watch import Watch
from muniment.api.rows import job_answer
from muniment.projections.jobs.feed import KEPT
from muniment.projections.jobs.feed_mark import Mark, to_id
from muniment.projections.jobs.feed_queries import Told
from muniment.projections.jobs.queries import JobRow
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DOCUMENTS

SHOWN = 200
"""Jobs in a snapshot at most."""
_FOR_EVER = frozenset({COMMANDS_DOCUMENTS.name, DOCUMENTS.name})


class TooOld(Exception):
    """What happened since the mark cannot be told any more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what a reader missed; `more` says that there may be more behind `mark`, which `telling` goes on from."""

    frames: list[Frame]
    mark: Mark
    more: bool
    telling: Telling


@dataclass(frozen=True, slots=True)
class Now:
    """The jobs of a stream as they are: rows, which become answers once it is known what is put off."""

    rows: list[JobRow]


async def missed(moment: Moment, watch: Watch, mark: Mark, limit: int) -> Page:
    """What a reader with this mark missed up to this moment, `limit` changes at most.

    Raises:
        TooOld: the mark is older than what is kept, or of another log.

    """
    reached = await moment.reached()
    ahead = any(n > reached.get(p, 0) for p, n in mark.reached.items() if p[0] in _FOR_EVER)
    if mark.at < moment.at - KEPT or ahead:
        raise TooOld
    changes = await moment.beyond(mark, watch.scope, limit)
    ends = await moment.put_off(mark.held, watch.scope)
    telling = Telling(dict(mark.reached), watch.wants)
    telling.put_off(ends)
    unseen = await moment.unseen(watch.tenant, versions_of([*changes, *ends]))
    told = telling.release(unseen, moment.at)
    for change in changes:
        telling.reached = {**telling.reached, change.place[:2]: change.place[2] + 1}
        told += telling.tell(change, unseen, moment.at)
    more = len(changes) >= limit
    if not more:
        telling.reached = reached
    return Page([frames.news(news) for news in told], telling.mark(moment.at), more, telling)


async def now(moment: Moment, watch: Watch) -> Now:
    """The jobs that a snapshot shows: those that were named, or the newest that have not ended."""
    only = watch.only
    if only is not None:
        found = await moment.jobs(watch.tenant, sorted(only))
    else:
        found = await moment.open_jobs(watch.tenant, watch.document_id, watch.lane, SHOWN + 1, watch.project_id)
    return Now(list(found))


def snapshot(watch: Watch, found: Now, telling: Telling, at: datetime) -> list[Frame]:
    """The events that a stream begins with: how things are, and the end of a single job that has ended."""
    mark = telling.mark(at)
    event_id = to_id(mark)
    if watch.job_id:
        answers = [job_answer(row, searchable=not telling.is_off(row.job_id)) for row in found.rows if watch.wants(row)]
        ended = [frames.of_job(job, mark, event_id) for job in answers if job.ended]
        return [*(frames.of_job(job, mark, event_id, "snapshot") for job in answers), *ended]
    # Here and not before: streams of one project share what was read, and may know of different documents.
    rows = {row.job_id: row for row in found.rows if watch.wants(row)}
    # Jobs whose end was put off have ended for the tables, not for readers.
    rows = {row.job_id: row for row in telling.jobs_off if watch.wants(row)} | rows
    newest = sorted(rows.values(), key=_age, reverse=True)
    jobs = [job_answer(row, searchable=not telling.is_off(row.job_id)) for row in newest[:SHOWN]]
    return [frames.snapshot(frames.JobsNow(jobs=jobs, more=len(rows) > SHOWN), mark, event_id)]


def versions_of(changes: Iterable[Told]) -> set[tuple[UUID, int]]:
    """What search has to come to before the ends among these are told."""
    return {(c.job.document_id, c.awaits) for c in changes if c.job is not None and c.awaits is not None}


def _age(row: JobRow) -> tuple[datetime, UUID]:
    return row.created_at or datetime.min.replace(tzinfo=UTC), row.job_id
