"""What becomes of a change on its way to readers, pure: told, or put off until search has what the job brought.

A reader who sees a job end goes and searches, so the end is told once search sees the version; until then the job is
shown as running, as `GET /v1/jobs/{id}` shows it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from muniment.api.live.feed import Versions
from muniment.projections.jobs.feed_mark import HELD, Mark, Partition, Place, to_id
from muniment.projections.jobs.feed_queries import Told
from muniment.projections.jobs.queries import JobRow

SEARCH_BEHIND = timedelta(hours=1)
"""A job that ended longer ago is told whatever search says: an operator knows by then."""


@dataclass(frozen=True, slots=True)
class News:
    """A job to be told of, and how much is told with it; `event_id` is the same as it is sent, made once."""

    job: JobRow
    searchable: bool
    mark: Mark
    event_id: str


@dataclass(slots=True)
class _PutOff:
    told: Told
    job: JobRow
    places: set[Place]
    number: int


@dataclass(slots=True)
class Telling:
    """What the readers of one tenant were told: everything before `reached`, but for the ends that were put off.

    `reached` is the caller's, who moves it on; `wanted` says of which jobs anybody wants to hear.

    An end that so many others (`HELD`) came after is put off no longer, whatever search says, or ids would outgrow a
    header. They are counted whether search sees them or not: then every instance gives up the same ends.
    """

    reached: Mapping[Partition, int]
    wanted: Callable[[JobRow], bool] = lambda _: True
    _off: dict[UUID, _PutOff] = field(default_factory=dict)
    _held: frozenset[Place] = frozenset()
    _count: int = 0

    def put_off(self, ends: Iterable[Told]) -> None:
        """Take over ends that are to be told later; one without its job was told, and is only counted."""
        for told in ends:
            self._hold(told)

    def mark(self, at: datetime) -> Mark:
        """How much was told; what is told afterwards changes nothing in it."""
        return Mark(at, dict(self.reached), self._held)

    def is_off(self, job_id: UUID) -> bool:
        """Whether the end of a job was put off: it is shown as running."""
        return job_id in self._off

    @property
    def jobs_off(self) -> list[JobRow]:
        """The jobs whose ends were put off."""
        return [off.job for off in self._off.values()]

    @property
    def awaited(self) -> Versions:
        """What search has to come to before the ends that were put off are told."""
        return {(off.job.document_id, off.told.awaits) for off in self._off.values() if off.told.awaits is not None}

    def release(self, unseen: Versions, at: datetime) -> list[News]:
        """The ends that need no longer be put off."""
        found = list[News]()
        for job_id, off in list(self._off.items()):
            # An end may have several places, so both are looked at: how many came after, and how many places there are.
            too_many = off.number <= self._count - HELD or len(self._held) > HELD
            if too_many or not _awaits(off.told, off.job, unseen, at):
                found += self._end(job_id, at)
        return found

    def leave_to(self, other: "Telling", at: datetime) -> list[News]:
        """The ends that are put off here and that another, which goes on from here, will not tell."""
        left = [job_id for job_id in self._off if not other.is_off(job_id)]
        return [news for job_id in left for news in self._end(job_id, at)]

    def tell(self, told: Told, unseen: Versions, at: datetime) -> list[News]:
        """What to tell of a change, if anything; `reached` covers it already.

        An end that search has to come to first is always told in two steps, so that the story is the same whenever it
        is read: it runs still, it has ended.
        """
        if told.job is None:
            return []
        if told.awaits is not None:
            self._hold(told)
            return [*self._news(told.job, at, searchable=False), *self.release(unseen, at)]
        if (off := self._off.pop(told.job_id, None)) is not None:
            self._held -= off.places
        return self._news(told.job, at, searchable=True)

    def _news(self, job: JobRow, at: datetime, *, searchable: bool) -> list[News]:
        if not self.wanted(job):
            return []
        mark = self.mark(at)
        return [News(job, searchable, mark, to_id(mark))]

    def _hold(self, told: Told) -> None:
        self._count += 1
        if told.job is None:
            return
        off = self._off.pop(told.job_id, None)
        places = {told.place} | (off.places if off else set())
        self._off[told.job_id] = _PutOff(told, told.job, places, self._count)
        self._held |= places

    def _end(self, job_id: UUID, at: datetime) -> list[News]:
        off = self._off.pop(job_id)
        self._held -= off.places
        return self._news(off.job, at, searchable=True)


def _awaits(told: Told, job: JobRow, unseen: Versions, at: datetime) -> bool:
    if told.awaits is None or job.finished_at is None or job.finished_at <= at - SEARCH_BEHIND:
        return False
    return (job.document_id, told.awaits) in unseen
