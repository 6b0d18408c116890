"""Derived ids."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import traceparents, uuids

from muniment.schemas.ids import child_traceparent, new_traceparent, of_bytes, parsed, result_id, trace_of

CAUSE = UUID("00000000-0000-0000-0000-000000000001")


def test_an_id_is_pinned() -> None:
    """The derivation never changes: a repeat under newer code must still be recognised."""
    assert result_id(CAUSE, "chunking", "ChunksPrepared", 0) == UUID("4f00a7b6-4be0-5268-8238-266d437cd650")


@given(cause=uuids, index=st.integers(0, 10**6))
def test_another_place_is_another_id(cause: UUID, index: int) -> None:
    """Cause, step, type and index each make a difference."""
    one = result_id(cause, "a", "X", index)
    others = {
        result_id(cause, "b", "X", index),
        result_id(cause, "a", "Y", index),
        result_id(cause, "a", "X", index + 1),
        result_id(UUID(int=cause.int ^ 1), "a", "X", index),
    }
    assert one == result_id(cause, "a", "X", index)
    assert len(others | {one}) == 5


@given(traceparent=traceparents, span=uuids)
def test_a_child_stays_in_its_trace(traceparent: str, span: UUID) -> None:
    """The trace id is handed on, the span id is derived."""
    child = child_traceparent(traceparent, span)
    assert trace_of(child) == trace_of(traceparent) != ""
    assert child.split("-")[2] == span.hex[:16]


@given(text=st.text(max_size=40), span=uuids)
def test_a_foreign_traceparent_raises_nothing(text: str, span: UUID) -> None:
    """What is no `traceparent` leads to none, or to one of four parts."""
    child = child_traceparent(text, span)
    assert child == "" or len(child.split("-")) == 4
    assert trace_of(new_traceparent(span, span)) == span.hex


@given(known=uuids)
def test_an_id_is_read_back_from_its_text_and_from_its_bytes(known: UUID) -> None:
    """What is remembered is what was parsed: it names the same id, also when it is asked for again."""
    assert [parsed(str(known)), parsed(str(known)), parsed(f"{{{known}}}"), of_bytes(known.bytes)] == [known] * 4


def test_a_text_that_names_no_id_is_refused_each_time() -> None:
    """A failure is not remembered as an id."""
    for _ in range(2):
        with pytest.raises(ValueError, match="badly formed"):
            parsed("no id")
