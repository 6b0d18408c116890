"""Filters as conditions."""

from datetime import UTC, datetime
from uuid import UUID

from muniment.projections.chunks.filters import JOIN, Filters
from muniment.projections.chunks.store import Head


def test_parameters_are_numbered_and_never_in_the_text() -> None:
    """Every value is a parameter, numbered on from where the caller is; the join is there when a document is asked."""
    filters = Filters((UUID(int=1),), "text/plain", {"a": "'; drop"}, datetime(2026, 1, 1, tzinfo=UTC), None, "50%_")
    join, condition, parameters = filters.condition(4)
    assert join == JOIN
    assert [f"${n}" in condition for n in range(3, 10)] == [False, True, True, True, True, True, False]
    assert "drop" not in condition
    assert parameters[-1] == "%50\\%\\_%"
    assert len(parameters) == 5


def test_no_filter_costs_nothing() -> None:
    """Without a filter, and with one on ids alone, documents are not joined."""
    assert Filters().condition(4) == ("", "", [])
    assert Filters((UUID(int=1),)).condition(4)[0] == ""


def test_a_head_takes_the_highest_version_beyond_any_deletion() -> None:
    """An older or deleted version never becomes the one that is seen."""
    head = Head("acme", UUID(int=1)).flipped(2, 10)
    assert (head.version, head.chunks) == (2, 10)
    assert head.flipped(1, 5) == head
    assert not head.wants(1)
    gone = head.deleted(3)
    assert (gone.version, gone.chunks, gone.deleted_up_to) == (0, 0, 3)
    assert gone.flipped(3, 1) == gone
    assert gone.wants(4)
    assert gone.deleted(1) == gone
