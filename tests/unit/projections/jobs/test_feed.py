"""What is written down to be told of jobs."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.feed import folded, from_text, looks, shown, to_text
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.what import Accepted, Asked, Embedded, Ended, Fact, Reached, Retried, Totals, What
from muniment.schemas.record import Record

JOB = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = Job(JOB, "acme", UUID(int=2))
WHATS: list[What] = [
    Asked("submit", "bulk", 3, 17),
    Accepted(1),
    Reached("extracting", 1, 1, 9, "pages"),
    Reached("extracting", 1, 2, 9, "pages"),
    Reached("chunking", 1),
    Reached("embedding", 1, 0, 2, "chunks", 2),
    Retried("embedding", 1, 0, START + timedelta(seconds=9), "unexpected", "x"),
    Embedded(1, 0, 1, 20, 4, 1, 0),
    Embedded(1, 1, 1, 20, 4, 1, 0),
    Ended("succeeded", "indexing", 1, totals=Totals(2, 40, 8, 2, 0)),
]


def said(whats: list[What]) -> list[tuple[Record, Fact]]:
    """Facts, a second apart, each by the record at the offset of its number."""
    return [
        (Record("t", b"", b"", (), 0, n, 1), Fact(JOB, "acme", BLANK.document_id, START + timedelta(seconds=n), what))
        for n, what in enumerate(whats)
    ]


@given(st.permutations(WHATS), st.lists(st.integers(0, len(WHATS) - 1), max_size=6))
def test_the_last_of_what_is_told_is_how_the_job_is(whats: list[What], repeated: list[int]) -> None:
    """However facts come, and twice: the fold is that of `evolve`, each change has its place, the newest is told."""
    facts = said(whats + [whats[n] for n in repeated])
    jobs, changes = folded({JOB: BLANK}, facts)
    job, places = BLANK, []
    for record, fact in facts:
        after = evolve(job, fact)
        if after != job:
            places.append(record.offset)
        job = after
    assert jobs[JOB] == job
    assert [change.offset for change in changes] == places
    assert [change for change in changes if change.row][-1].row == shown(job)


def test_every_step_and_state_is_told_and_mere_progress_once_a_batch() -> None:
    """One batch tells each step and the retry; of two marks of progress in one step it tells the later."""
    _, changes = folded({JOB: BLANK}, said(WHATS))
    told = [(c.row.state, c.row.step, c.row.done) for c in changes if c.row]
    assert told == [
        ("queued", "deciding", None),
        ("queued", "deciding", None),
        ("running", "extracting", 2),
        ("running", "chunking", None),
        ("running", "embedding", 0),
        ("waiting_retry", "embedding", 2),
        ("succeeded", "indexing", 2),
    ]


def test_a_job_whose_command_was_not_seen_yet_is_not_told() -> None:
    """Readers do not see it either; its change is a place only."""
    _, changes = folded({JOB: BLANK}, said([Accepted(1)]))
    assert [change.row for change in changes] == [None]


@pytest.mark.parametrize("seed", range(5))
def test_a_job_reads_back_from_the_feed(seed: int) -> None:
    """What is kept as text is the job that was written."""
    whats = random.Random(seed).sample(WHATS, 6)
    jobs, _ = folded({JOB: BLANK}, said([WHATS[0], *whats]))
    row = shown(jobs[JOB])
    assert from_text(to_text(row)) == row


STATES = st.fixed_dictionaries(
    {"state": st.sampled_from(["running", "waiting_retry", "failed"]), "kind": st.just("submit")},
    optional={
        **{name: st.none() | st.just("x") for name in ("retry_code", "retry_error", "error_code", "error", "end")},
        "retry_due_at": st.none() | st.just(START),
        "active_at": st.none() | st.just(START),
        "done": st.none() | st.integers(0, 1),
    },
)


@given(STATES, STATES)
def test_two_states_look_alike_where_readers_are_shown_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """The quick look tells states apart exactly where the rows that readers are shown differ."""
    before, after = replace(BLANK, **one), replace(BLANK, **other)
    assert (looks(before) == looks(after)) == (shown(before) == shown(after))
