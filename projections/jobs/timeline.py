"""The states of a job with the moments between which they were true, pure.

A job leaves traces on many topics. What is read in the order of its times only closes the state before; what is read
late goes to where it belongs, and changes what was told of the time after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from uuid import UUID

from muniment.projections.changed import changed
from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.what import Fact
from muniment.projections.validity import Moment, inserted
from muniment.schemas.record import Record
from muniment.schemas.topics import DOCUMENTS, PROJECTS

_ORDERED = frozenset({DOCUMENTS.name, PROJECTS.name})


@dataclass(frozen=True, slots=True)
class Said:
    """A fact, the record that says it, and when it counts."""

    record: Record
    fact: Fact
    moment: Moment


Past = tuple[Job, Moment]
"""A state that is not true any more, and when that began."""


def timed(
    jobs: Mapping[UUID, Job], told: Iterable[tuple[Record, Fact]]
) -> tuple[dict[UUID, Job], dict[UUID, list[Said]]]:
    """Each job's facts of a batch with their moments, and the jobs with the times of their ordered facts noted.

    What ends a job lies on one topic, where the first one counts: none of that topic's facts counts as earlier than the
    one before it, whatever the clocks said.
    """
    found, ordered = dict[UUID, list[Said]](), dict[UUID, datetime | None]()
    for record, fact in told:
        job_id = fact.job_id
        moment = Moment.of(record, fact.at)
        if record.topic in _ORDERED:
            latest = ordered[job_id] if job_id in ordered else jobs[job_id].ordered_at
            moment = moment.not_before(latest)
            ordered[job_id] = moment.at
        found.setdefault(job_id, []).append(Said(record, fact, moment))
    noted = {i: changed(jobs[i], ordered_at=at) for i, at in ordered.items() if at != jobs[i].ordered_at}
    return {**jobs, **noted}, found


def straight(said: Sequence[Said]) -> bool:
    """Whether facts were read in the order of their moments."""
    return all(one.moment <= other.moment for one, other in pairwise(said))


def late(job: Job, said: Iterable[Said]) -> bool:
    """Whether something of what is said belongs before what was known last."""
    return job.from_at is not None and min(one.moment for one in said) < moment_of(job)


def moment_of(job: Job) -> Moment:
    """Since when a state is true."""
    assert job.from_at is not None, "a blank job was never in a state"
    return Moment(job.from_at, job.from_place or "")


def stamped(before: Job, after: Job, moment: Moment) -> tuple[Job, list[Past]]:
    """A job that has changed at this moment, and the state that this replaces, unless it was none."""
    past = (
        [(before, moment)] if before.from_at is not None and (before.from_at, before.from_place or "") != moment else []
    )
    return changed(after, from_at=moment.at, from_place=moment.place), past


def placed(job: Job, past: Iterable[Past], said: Sequence[Said]) -> tuple[Job, list[Past]]:
    """The job after facts of any moments, and its past as it is then: as far back as what is given of it."""
    blank = Job(job.job_id, job.tenant, job.document_id)
    known = [then for then, _ in past] + ([job] if job.from_at else [])
    states = sorted(((moment_of(then), _bare(then)) for then in known), key=lambda entry: entry[0])
    for one in said:
        states = inserted(states, blank, one.moment, partial(_evolved, one.fact))
    live, closed = job if not states else blank, list[Past]()
    for moment, state in states:
        live, ended = stamped(live, state, moment)
        closed += ended
    return changed(live, ordered_at=job.ordered_at), closed


def followed(job: Job, changes: Iterable[tuple[Moment, Job]]) -> tuple[Job, list[Past]]:
    """The job after changes that follow all others, and the states that these replace."""
    past = list[Past]()
    for moment, after in changes:
        job, ended = stamped(job, after, moment)
        past += ended
    return job, past


def _evolved(fact: Fact, job: Job) -> Job:
    return evolve(job, fact)


def _bare(job: Job) -> Job:
    return changed(job, from_at=None, from_place=None, ordered_at=None)
