"""The stops of the slider over a thing's life."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.audit.stops import chosen, stops
from muniment.projections.history.entry import Entry
from muniment.projections.history.queries import Change, Happened
from muniment.schemas.metadata import NORMAL

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def happened(number: int, *changes: Change) -> Happened:
    document, place = uuid4(), f"muniment.documents:00003:{number:019}"
    entry = Entry(
        "muniment.documents", 3, number, "acme", document, uuid4(), START + timedelta(seconds=number), place,
        "DocumentIndexed", uuid4(), uuid4(), "muniment.indexing", "key:a", NORMAL,
    )  # fmt: skip
    return Happened(entry, (), changes)


CHANGED = Change("document", "status", None, "indexed")


def test_only_what_changed_something_is_a_stop():
    """In the order of the log, each with the place that `as_of` takes."""
    found = stops([happened(1, CHANGED), happened(2), happened(7, CHANGED)])
    assert [(stop.number, stop.place) for stop in found] == [
        (0, "muniment.documents:3:1"),
        (1, "muniment.documents:3:7"),
    ]
    assert found[1].at == START + timedelta(seconds=7)
    assert found[1].changes == (CHANGED,)


def test_where_not_all_changes_are_told_every_event_is_a_stop():
    """As of a project, whose history tells what drafts cost and no more."""
    assert [stop.number for stop in stops([happened(1), happened(2, CHANGED), happened(3)], every=True)] == [0, 1, 2]


def test_of_what_changed_nothing_that_is_shown_all_are_stops():
    """As after an erasure, when no row tells what was."""
    assert [stop.number for stop in stops([happened(1), happened(2)])] == [0, 1]


@given(st.integers(1, 20), st.none() | st.integers(-5, 40))
def test_there_is_always_a_stop_to_show(count, number):
    """The one asked for, or the nearest; the last when none was asked for."""
    found = stops([happened(n, CHANGED) for n in range(count)])
    stop = chosen(found, number)
    wanted = count - 1 if number is None else min(max(number, 0), count - 1)
    assert stop is found[wanted]
    assert chosen([], number) is None
