"""The state machine of a job."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.jobs.evolve import evolve, is_transition
from muniment.projections.jobs.state import ENDS, STEPS, Job
from muniment.projections.jobs.what import Accepted, Asked, Embedded, Ended, Fact, Reached, Retried, Totals, What

JOB, DOCUMENT = UUID(int=1), UUID(int=2)
START = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = Job(JOB, "acme", DOCUMENT)


def at(seconds: float, what: What) -> Fact:
    """A fact of the one job."""
    return Fact(JOB, "acme", DOCUMENT, START + timedelta(seconds=seconds), what)


def folded(facts: list[Fact], job: Job = BLANK) -> Job:
    """The job after these facts; every step of it is a valid transition."""
    for fact in facts:
        after = evolve(job, fact)
        assert is_transition(job.state, after.state), (job.state, after.state, fact)
        job = after
    return job


ASKED = at(0, Asked("submit", "bulk", 3, 17))
DECIDED = at(1, Accepted(1))
TOTALS = Totals(4, 40, 9, 3, 1)
STREAMS = [
    [ASKED],
    [
        DECIDED,
        at(4, Reached("chunking", 1)),
        at(6, Reached("embedding", 1, 0, 4, "chunks", 4)),
        at(20, Ended("succeeded", "indexing", 1, totals=TOTALS)),
    ],
    [at(5, Reached("chunking", 1)), at(5.5, Reached("chunking", 1))],
    [at(7, Embedded(1, 0, 2, 20, 4, 2, 0)), at(15, Embedded(1, 1, 2, 20, 5, 1, 1))],
    [at(2, Reached("extracting", 1, 1, 9, "pages")), at(3, Reached("extracting", 1, 9, 9, "pages"))],
    [at(8, Retried("embedding", 1, 0, START + timedelta(seconds=9), "unexpected", "x"))],
    [at(10, Retried("embedding", 2, 0, START + timedelta(seconds=14), "unexpected", "y"))],
]


@given(st.randoms(use_true_random=False), st.booleans())
def test_any_interleaving_ends_in_the_same_row(dice: random.Random, repeat: bool) -> None:
    """Topics have no order among each other: however their records interleave, repeats included, one row results."""
    straight = folded(sorted((f for s in STREAMS for f in s), key=lambda f: f.at))
    lanes = [list(s) for s in STREAMS]
    mixed: list[Fact] = []
    while any(lanes):
        lane = dice.choice([lane for lane in lanes if lane])
        mixed.append(lane.pop(0))
    if repeat:
        mixed += dice.sample(mixed, 5)
    assert folded(mixed) == straight
    assert (straight.state, straight.tokens, straight.attempt, straight.done, straight.total) == (
        "succeeded", 40, 2, 4, 4,
    )  # fmt: skip


whats = st.one_of(
    st.builds(Asked, st.sampled_from(["submit", "delete"]), st.none(), st.just(0), st.integers(0, 5)),
    st.builds(Accepted, st.integers(1, 3)),
    st.builds(
        Reached, st.sampled_from(STEPS), st.integers(1, 3), st.none() | st.integers(0, 9), st.none() | st.just(9),
        st.none() | st.just("pages"), st.none() | st.integers(0, 9),
    ),
    st.builds(
        Retried, st.sampled_from(STEPS), st.integers(0, 4), st.integers(0, 4),
        st.integers(0, 60).map(lambda s: START + timedelta(seconds=s)), st.just("unexpected"), st.just("x"),
    ),
    st.builds(Ended, st.sampled_from(ENDS), st.none() | st.sampled_from(STEPS), st.integers(1, 3), st.just("c")),
)  # fmt: skip
facts = st.builds(at, st.integers(0, 60), whats)


@given(st.lists(facts, max_size=12), st.randoms(use_true_random=False))
def test_order_and_repetition_never_matter(told: list[Fact], dice: random.Random) -> None:
    """The fold of any facts is the same in any order and with any of them twice, and every transition is valid."""
    # The same command has one time, one place, one kind.
    asked = next((f for f in told if isinstance(f.what, Asked)), None)
    told = [f for f in told if not isinstance(f.what, Asked)] + ([asked] if asked else [])
    mixed = told + dice.sample(told, len(told) // 2)
    dice.shuffle(mixed)
    # Success and cancellation lie on one topic: whatever else is read in between, these are read in their order.
    mixed = in_order(mixed, told)
    assert folded(mixed) == folded(told)


def in_order(mixed: list[Fact], told: list[Fact]) -> list[Fact]:
    """The same, with what lies on the topic of documents' ends in the order of the log first, then its repeats."""

    def one(fact: Fact) -> bool:
        return isinstance(fact.what, Ended) and fact.what.end in {"cancelled", "succeeded"}

    places = [place for place, fact in enumerate(mixed) if one(fact)]
    first = [fact for fact in told if one(fact)]
    again = [mixed[place] for place in places]
    for fact in first:
        again.remove(fact)
    result = list(mixed)
    for place, fact in zip(places, [*first, *again], strict=True):
        result[place] = fact
    return result


@given(st.lists(facts, max_size=12))
def test_an_end_is_not_undone(told: list[Fact]) -> None:
    """After an end there are only ends, and after success nothing."""
    job = BLANK
    for fact in told:
        before, job = job, evolve(job, fact)
        if before.state in ENDS:
            assert job.state in ENDS
        if before.state in {"succeeded", "cancelled"}:
            assert job.state == before.state


def test_a_job_goes_its_way() -> None:
    """Queued, running, waiting for a retry, running again, succeeded: each when the log says so."""
    due = START + timedelta(seconds=9)
    way = [
        (ASKED, "queued"),
        (DECIDED, "queued"),
        (at(2, Reached("extracting", 1, 1, 9, "pages")), "running"),
        (at(8, Retried("extracting", 1, 0, due, "step_timeout", "slow")), "waiting_retry"),
        (at(9.5, Reached("chunking", 1)), "running"),
        (at(20, Ended("succeeded", "indexing", 1, totals=TOTALS)), "succeeded"),
    ]
    job = BLANK
    for fact, state in way:
        job = evolve(job, fact)
        assert job.state == state
    assert (job.attempt, job.created_at, job.finished_at) == (1, ASKED.at, START + timedelta(seconds=20))
    assert (job.command_partition, job.command_offset) == (3, 17)


def test_another_batch_does_not_end_the_wait() -> None:
    """While one batch waits for its retry, the progress of another does not hide it."""
    due = START + timedelta(seconds=30)
    waiting = folded([ASKED, at(5, Retried("embedding", 0, 1, due, "provider_rate_limited", "429"))])
    assert evolve(waiting, at(6, Embedded(1, 3, 2, 1, 1, 2, 0))).state == "waiting_retry"
    assert evolve(waiting, at(30, Embedded(1, 3, 2, 1, 1, 2, 0))).state == "running"


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (("failed", "succeeded"), "succeeded"),
        (("succeeded", "failed"), "succeeded"),
        (("failed", "refused"), "refused"),
        (("rejected",), "rejected"),
        (("failed", "cancelled"), "cancelled"),
        (("cancelled", "failed", "rejected"), "cancelled"),
        (("cancelled", "succeeded"), "cancelled"),
        (("succeeded", "cancelled"), "succeeded"),
    ],
)
def test_the_strongest_end_wins(ends: tuple[str, ...], state: str) -> None:
    """A dead letter that was redriven may still succeed; nothing makes a success a failure."""
    assert folded([ASKED, *(at(i, Ended(end)) for i, end in enumerate(ends))]).state == state


def test_a_batch_counts_once() -> None:
    """The vectors of a batch that come twice are counted once; the totals of the version replace the sums."""
    batch = at(7, Embedded(1, 9, 2, 20, 4, 2, 0))
    job = folded([ASKED, batch, batch])
    assert (job.tokens, job.embedded, job.done) == (20, 2, 2)
    assert folded([at(8, Ended("succeeded", "indexing", 1, totals=TOTALS)), batch], job).tokens == 40


def test_a_job_that_waits_for_a_retry_is_cancelled_at_once() -> None:
    """However long it would have waited; what is still said of its work changes nothing."""
    due = START + timedelta(seconds=900)
    waiting = folded([ASKED, DECIDED, at(8, Retried("embedding", 1, 0, due, "unexpected", "x"))])
    job = folded([at(9, Ended("cancelled", version=1, code="job_cancelled", error="not wanted"))], waiting)
    assert (waiting.state, job.state, job.finished_at) == ("waiting_retry", "cancelled", START + timedelta(seconds=9))
    late = folded(
        [at(10, Embedded(1, 0, 2, 20, 4, 2, 0)), at(11, Ended("succeeded", "indexing", 1, totals=TOTALS))], job
    )
    assert (late.state, late.finished_at, late.error) == ("cancelled", job.finished_at, "not wanted")
