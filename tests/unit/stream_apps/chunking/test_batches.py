"""Batches are bounded, in order, and lazily made."""

from itertools import count, islice

from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.chunking.batches import batches
from muniment.stream_apps.chunking.chunk import Chunk


def chunk(ordinal: int, text: str) -> Chunk:
    return Chunk(ordinal, text, 0, len(text), None, None, 1)


@given(st.lists(st.text(max_size=40)), st.integers(1, 8), st.integers(1, 100))
def test_batches_are_bounded_and_lose_nothing(texts: list[str], most: int, size: int) -> None:
    """Joined they are the chunks again; each is within both limits unless it is one chunk."""
    chunks = [chunk(i, text) for i, text in enumerate(texts)]
    made = list(batches(chunks, max_chunks=most, max_bytes=size))
    assert [c for batch in made for c in batch] == chunks
    for batch in made:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(c.text.encode()) for c in batch) <= size


def test_a_batch_comes_before_the_chunks_end() -> None:
    """An endless stream of chunks has a first batch."""
    (first,) = islice(batches(chunk(i, "x") for i in count()), 1)
    assert len(first) == 64


def test_bytes_are_counted_not_characters() -> None:
    """Korean is three bytes a syllable."""
    assert [len(b) for b in batches([chunk(0, "한국"), chunk(1, "어")], max_bytes=8)] == [1, 1]
