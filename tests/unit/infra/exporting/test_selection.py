"""Ranges as people write them, and what of the log they come to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.exporting.plan import Bounds, Span, spans
from muniment.infra.exporting.selection import BadRange, Range, Selection, moment, ranges
from muniment.schemas.record import Record

DOCS = "muniment.documents"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("muniment.documents", Range(DOCS)),
        ("documents", Range(DOCS)),
        ("documents:3", Range(DOCS, 3)),
        ("documents:3:10-20", Range(DOCS, 3, 10, 20)),
        ("documents:3:10-", Range(DOCS, 3, 10)),
        ("documents:3:-20", Range(DOCS, 3, None, 20)),
        ("documents:3:7", Range(DOCS, 3, 7, 7)),
    ],
)
def test_a_range_is_read(word: str, meant: Range) -> None:
    """A topic with or without its prefix, a partition of it, offsets with both ends included."""
    assert ranges([word]) == (meant,)


OFFSETS = st.none() | st.integers(0, 1000)


@given(st.integers(0, 63), OFFSETS, OFFSETS)
def test_a_range_is_told_as_it_is_asked_for(partition: int, first: int | None, last: int | None) -> None:
    """The words that the trail has of a range mean that very range."""
    if first is not None and last is not None and last < first:
        first, last = last, first
    for one in (Range(DOCS), Range(DOCS, partition), Range(DOCS, partition, first, last)):
        assert ranges([str(one)]) == (one,)


def test_a_selection_is_told_in_words() -> None:
    """Everything by one word; a filter by its name."""
    assert str(Selection(ranges([]), tenant="acme")) == "all tenant=acme"
    since = moment("2026-01-01T00:00:00Z")
    told = str(Selection(ranges(["documents:3:1-", "audit"]), since=since, document="d", job="j"))
    assert told == "documents:3:1- audit from=2026-01-01T00:00:00+00:00 document=d job=j"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "there is no topic"),
        (["documents:x"], "is no range"),
        (["documents:1:9-3"], "ends before"),
        (["documents", "documents:3"], "overlaps"),
        (["documents:3:1-5", "documents:3:5-9"], "overlaps"),
    ],
)
def test_what_is_no_range_is_refused(words: list[str], said: str) -> None:
    """The refusal says what is wrong with it."""
    with pytest.raises(BadRange, match=said):
        ranges(words)


def test_ranges_side_by_side_are_taken() -> None:
    """Parts that touch do not overlap, nor do different partitions."""
    assert len(ranges(["documents:3:1-5", "documents:3:6-9", "documents:4"])) == 3


def test_all_leaves_out_what_only_waits() -> None:
    """By default every topic but those of retries, whose records lie elsewhere as well."""
    names = {one.topic for one in ranges([])}
    assert {DOCS, "muniment.dlq", "muniment.operations"} <= names
    assert not any("retry" in name or "redelivery" in name for name in names)


def test_a_moment_has_a_zone() -> None:
    """Any zone will do, none will not."""
    assert moment("2026-11-22T19:00:00+09:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)
    with pytest.raises(BadRange, match="no zone"):
        moment("2026-11-22T19:00:00")
    with pytest.raises(BadRange, match="no moment"):
        moment("yesterday")


def test_filters_take_what_is_about_something() -> None:
    """By key, by correlation id, by tenant; all that are given have to fit."""
    record = Record(DOCS, b"d1", b"", (("correlation_id", b"j1"), ("tenant", b"acme")))
    assert Selection((), document="d1", job="j1", tenant="acme").takes(record)
    assert not Selection((), document="d2").takes(record)
    assert not Selection((), document="d1", job="j2").takes(record)
    assert not Selection((), tenant="other").takes(record)


@pytest.mark.parametrize(
    ("asked", "log", "until_given", "span"),
    [
        (Range(DOCS), Bounds(0, 10), False, Span(DOCS, 0, 0, 10, 0, closed=False)),
        (Range(DOCS), Bounds(4, 10), False, Span(DOCS, 0, 4, 10, 4, closed=False)),
        (Range(DOCS, 0, 2, 5), Bounds(0, 10), False, Span(DOCS, 0, 2, 6, 0, closed=True)),
        (Range(DOCS, 0, 2, 5), Bounds(4, 10), False, Span(DOCS, 0, 4, 6, 2, closed=True)),
        (Range(DOCS, 0, 2, 5), Bounds(8, 10), False, Span(DOCS, 0, 8, 8, 4, closed=True)),
        (Range(DOCS), Bounds(0, 10, 3, 7), True, Span(DOCS, 0, 3, 7, 0, closed=True)),
        (Range(DOCS), Bounds(0, 10, 3, None), True, Span(DOCS, 0, 3, 10, 0, closed=False)),
        (Range(DOCS), Bounds(0, 10, None, 0), True, Span(DOCS, 0, 0, 0, 0, closed=True)),
        (Range(DOCS), Bounds(1000, 2000, 1000, 1000), True, Span(DOCS, 0, 1000, 1000, 1000, closed=True)),
        (Range(DOCS), Bounds(1000, 2000, 1000, None), True, Span(DOCS, 0, 1000, 2000, 1000, closed=False)),
        (Range(DOCS), Bounds(1000, 2000, 1001, None), True, Span(DOCS, 0, 1001, 2000, 0, closed=False)),
        (Range(DOCS), Bounds(0, 0), False, Span(DOCS, 0, 0, 0, 0, closed=False)),
    ],
)
def test_a_span_is_what_the_log_has_of_a_range(asked: Range, log: Bounds, until_given: bool, span: Span) -> None:
    """Closed where an end was given and the log has passed it; what retention took of it is counted."""
    assert spans([asked], {(DOCS, 0): log}, until_given=until_given) == (span,)


def test_what_is_not_there_yet_is_refused() -> None:
    """An offset beyond the end, a partition that there is not."""
    with pytest.raises(BadRange, match="there is no 10 yet"):
        spans([Range(DOCS, 0, 5, 10)], {(DOCS, 0): Bounds(0, 10)}, until_given=False)
    with pytest.raises(BadRange, match=r"muniment\.documents:0 is empty: there is no 5 yet"):
        spans([Range(DOCS, 0, 0, 5)], {(DOCS, 0): Bounds(0, 0)}, until_given=False)
    with pytest.raises(BadRange, match="no partition 3"):
        spans([Range(DOCS, 3)], {(DOCS, 0): Bounds(0, 10)}, until_given=False)


def test_units_cover_a_span() -> None:
    """One after the other, no offset twice, none left out."""
    pieces = list(Span(DOCS, 0, 3, 25, 0, closed=True).units(10))
    assert [(one.first, one.end) for one in pieces] == [(3, 13), (13, 23), (23, 25)]
