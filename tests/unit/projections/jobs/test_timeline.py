"""The states of a job by their moments."""

import random
from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.state import STEPS, Job
from muniment.projections.jobs.timeline import Past, followed, late, moment_of, placed, straight, timed
from muniment.projections.jobs.what import Accepted, Asked, Embedded, Ended, Fact, Reached, Retried, What
from muniment.projections.validity import Moment
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DLQ, DOCUMENTS, EMBEDDINGS, JOBS, RETRY_TIERS

JOB, DOCUMENT = UUID(int=1), UUID(int=2)
START = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = Job(JOB, "acme", DOCUMENT)
Told = tuple[Record, Fact]

steps, seconds = st.sampled_from(STEPS), st.integers(0, 40)
later = seconds.map(lambda s: START + timedelta(seconds=s))
whats: dict[str, st.SearchStrategy[What]] = {
    COMMANDS_DOCUMENTS.name: st.just(Asked("submit", "bulk", 3, 17)),
    DOCUMENTS.name: st.one_of(
        st.builds(Accepted, st.integers(1, 3)),
        st.builds(Reached, steps, st.integers(1, 3)),
        st.builds(Ended, st.sampled_from(["cancelled", "succeeded", "refused"]), steps, st.just(1), st.just("c")),
    ),
    EMBEDDINGS.name: st.builds(lambda batch: Embedded(1, batch, 2, 20, 4, 2, 0), st.integers(0, 3)),
    JOBS.name: st.builds(Reached, steps, st.just(1), st.integers(0, 9), st.just(9), st.just("pages")),
    DLQ.name: st.builds(Ended, st.just("failed"), steps, st.just(1), st.just("unexpected")),
    RETRY_TIERS[0].name: st.builds(Retried, steps, st.integers(0, 4), st.just(0), later, st.just("x"), st.just("y")),
}  # fmt: skip
said = st.sampled_from(sorted(whats)).flatmap(lambda topic: st.tuples(st.just(topic), seconds, whats[topic]))
logs = st.lists(said, max_size=14)


def log_of(entries: list[tuple[str, int, What]]) -> list[Told]:
    """Records in the order in which they were written; clocks are not to be relied on."""
    found: list[Told] = []
    for topic, second, what in entries:
        if isinstance(what, Asked) and any(r.topic == topic for r, _ in found):
            continue
        offset = sum(record.topic == topic for record, _ in found)
        fact = Fact(JOB, "acme", DOCUMENT, START + timedelta(seconds=second), what)
        found.append((Record(topic, b"", b"", (), 0, offset), fact))
    return found


def by_moment(log: list[Told]) -> list[tuple[Moment, Fact]]:
    """Every fact when it counts: those of the documents' topic never before an earlier one of it."""
    found, latest = [], START
    for record, fact in log:
        moment = Moment.of(record, fact.at)
        if record.topic == DOCUMENTS.name:
            latest = max(latest, fact.at)
            moment = Moment.of(record, latest)
        found.append((moment, fact))
    return sorted(found, key=lambda one: one[0])


def read(log: list[Told], dice: random.Random) -> list[list[Told]]:
    """The log in batches, each topic in its order and no order between topics."""
    lanes: dict[str, list[Told]] = {}
    for one in log:
        lanes.setdefault(one[0].topic, []).append(one)
    batches: list[list[Told]] = [[]]
    while lanes:
        topic = dice.choice(sorted(lanes))
        batches[-1].append(lanes[topic].pop(0))
        if not lanes[topic]:
            del lanes[topic]
        if dice.random() < 0.4:
            batches.append([])
    return [batch for batch in batches if batch]


def ranges(batches: list[list[Told]]) -> tuple[Job, list[Past]]:
    """What the read model keeps of the job after these batches."""
    job, past = BLANK, list[Past]()
    for batch in batches:
        noted, found = timed({JOB: job}, batch)
        facts = found[JOB]
        if late(job, facts):
            job, past = placed(noted[JOB], past, facts)
        elif not straight(facts):
            job, ended = placed(noted[JOB], [], facts)
            past += ended
        else:
            changes, state = [], noted[JOB]
            for one in facts:
                before, state = state, evolve(state, one.fact)
                changes += [(one.moment, state)] if state != before else []
            job, ended = followed(noted[JOB], changes)
            past += ended
    return job, past


def as_of(moment: Moment, job: Job, past: list[Past]) -> Job | None:
    """The state whose range holds the moment; there is never more than one."""
    found = [state for state, until in past if moment_of(state) <= moment < until]
    found += [job] if job.from_at is not None and moment_of(job) <= moment else []
    assert len(found) <= 1
    return found[0] if found else None


def plain(job: Job | None) -> Job:
    """A state without its moments."""
    known = vars(job or BLANK) | {"from_at": None, "from_place": None, "ordered_at": None}
    return Job(**known)


@given(logs, st.randoms(use_true_random=False))
def test_the_ranges_tell_of_every_moment_what_the_fold_of_its_prefix_is(
    entries: list[tuple[str, int, What]], dice: random.Random
) -> None:
    """In whatever order topics are read and in whatever batches; and twice is once."""
    log = log_of(entries)
    facts = by_moment(log)
    job, past = ranges(read(log, dice))
    moments = {moment for moment, _ in facts} | {Moment.end_of(START + timedelta(seconds=s)) for s in (0, 7, 40)}
    for moment in moments:
        prefix = [fact for at, fact in facts if at <= moment]
        assert plain(as_of(moment, job, past)) == reduce(evolve, prefix, BLANK)
    again, before = ranges([*read(log, dice), *read(log, dice)])
    assert again == job
    assert stored(before) == stored(past)


def stored(past: list[Past]) -> list[tuple[Moment, Moment, Job]]:
    """What is kept of the past: not the times that only folding needs."""
    return sorted(((moment_of(state), until, plain(state)) for state, until in past), key=lambda one: one[0])
