"""Cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.cursor import BadCursor, decode, encode, query_hash


@given(st.lists(st.text() | st.integers(), max_size=3))
def test_a_cursor_reads_back(place: list[str | int]) -> None:
    """A place comes back from its cursor, for the query it was made for only."""
    cursor = encode(query_hash("a"), place)
    assert decode(query_hash("a"), cursor) == place
    with pytest.raises(BadCursor):
        decode(query_hash("b"), cursor)


@given(st.text())
def test_junk_is_no_cursor(text: str) -> None:
    """Whatever a caller sends gives a cursor's error, never another."""
    with pytest.raises(BadCursor):
        decode(query_hash("a"), text)
