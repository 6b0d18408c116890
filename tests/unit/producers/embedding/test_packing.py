"""Packing of callers' texts into calls."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.embedding.packing import pack

sizes = st.lists(st.integers(0, 40), max_size=20)


@given(sizes, st.integers(1, 16))
def test_every_text_goes_once_and_in_order(given_sizes: list[int], most: int) -> None:
    """Laid end to end the calls are all texts of all callers, in order of arrival."""
    sent = [
        (part.caller, place)
        for call in pack(given_sizes, most)
        for part in call
        for place in range(part.start, part.stop)
    ]
    assert sent == [(caller, place) for caller, size in enumerate(given_sizes) for place in range(size)]


@given(sizes, st.integers(1, 16))
def test_calls_are_full_but_the_last(given_sizes: list[int], most: int) -> None:
    """No call is larger than allowed, none is empty, and only the last has room left."""
    filled = [sum(part.stop - part.start for part in call) for call in pack(given_sizes, most)]
    assert all(size == most for size in filled[:-1])
    assert all(0 < size <= most for size in filled)


def test_the_first_call_looks_no_further_than_needed() -> None:
    """Packing is lazy: a long queue costs nothing until its turn."""
    looked: list[int] = []

    def queue() -> Iterator[int]:
        for size in range(1000):
            looked.append(size)
            yield 5

    next(pack(queue(), 10))
    assert len(looked) == 2


def test_a_call_needs_room() -> None:
    """Room for nothing is a mistake, not an endless loop."""
    with pytest.raises(ValueError, match="room"):
        list(pack([1], 0))
