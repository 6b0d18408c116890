"""Marks as event ids."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.jobs.feed_mark import CODES, HELD, LONGEST, Mark, from_id, to_id
from muniment.projections.jobs.projection import Jobs

MOMENTS = st.integers(0, 10**12).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
PARTITIONS = st.tuples(st.sampled_from(sorted(CODES)), st.integers(0, 2**31 - 1))
PLACES = st.tuples(st.sampled_from(sorted(CODES)), st.integers(0, 2**31 - 1), st.integers(1, 2**62))
MARKS = st.builds(
    Mark,
    MOMENTS,
    st.dictionaries(PARTITIONS, st.integers(1, 2**62), max_size=20),
    st.frozensets(PLACES, max_size=10),
)


@given(MARKS)
def test_an_id_reads_back(mark: Mark) -> None:
    """What a mark says survives its way to a reader and back."""
    assert from_id(to_id(mark)) == mark


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode())))
def test_what_is_no_id_is_told_so(text: str) -> None:
    """Whatever a caller sends, it is an id that reads back to itself, or a `ValueError`."""
    try:
        mark = from_id(text)
    except ValueError:
        return
    assert to_id(mark) == text


def test_a_mark_covers_what_lies_before_it_and_was_not_put_off() -> None:
    """Offsets count from the next one; what was put off is not covered; nor is a partition that nobody reached."""
    mark = Mark(datetime(2026, 1, 1, tzinfo=UTC), {("a", 1): 5}, frozenset({("a", 1, 3)}))
    assert [mark.covers(("a", 1, n)) for n in (2, 3, 4, 5)] == [True, False, True, False]
    assert not mark.covers(("a", 2, 0))


def test_every_topic_of_the_jobs_has_a_code() -> None:
    """A topic without one could not be named in an id."""
    assert {topic.name for topic in Jobs.topics} <= CODES.keys()


@pytest.mark.parametrize(("partitions", "held", "characters"), [(12, 0, 700), (12, HELD, 2500), (120, HELD, LONGEST)])
def test_ids_stay_small(partitions: int, held: int, characters: int) -> None:
    """With topics of 12 partitions that hold millions of records each, an id is some hundred characters.

    With all the places that a mark holds, however far apart they lie, it still fits into a header.
    """
    reached = {
        (name, n): 3_000_000 + 7919 * (n * 31 % 17)
        for name in CODES
        for n in range(4 if "retry" in name else partitions)
    }
    places = frozenset((min(CODES), n % partitions, 2_900_000 - 7919 * n) for n in range(held))
    assert len(to_id(Mark(datetime(2026, 1, 1, tzinfo=UTC), reached, places))) < characters
