"""Vectors as bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.embedding.vectors import pack_vectors


@given(
    st.integers(1, 16).flatmap(
        lambda wide: st.tuples(
            st.just(wide),
            st.lists(st.lists(st.floats(-60000, 60000, width=16), min_size=wide, max_size=wide), max_size=8),
        )
    )
)
def test_halves_come_back_exactly(shaped: tuple[int, list[list[float]]]) -> None:
    """What a float16 can hold is the same after packing and unpacking."""
    wide, rows = shaped
    vectors = np.array(rows, np.float32).reshape(-1, wide)
    packed = pack_vectors(vectors)
    assert len(packed) == 2 * vectors.size
    assert np.array_equal(np.frombuffer(packed, "<f2").reshape(-1, wide), vectors)


@given(st.integers(0, 2**32 - 1))
def test_unit_vectors_keep_their_direction(seed: int) -> None:
    """The cosine with the original stays above 0.9999."""
    vector = np.random.default_rng(seed).standard_normal((1, 384)).astype(np.float32)
    vector /= np.linalg.norm(vector)
    again = np.frombuffer(pack_vectors(vector), "<f2").astype(np.float32)
    assert float(again @ vector[0] / np.linalg.norm(again)) > 0.9999


def test_the_bytes_are_little_endian() -> None:
    """One is 0x3C00, low byte first: readers in other languages rely on it."""
    assert pack_vectors(np.array([[1.0, -2.0]], np.float32)) == bytes([0x00, 0x3C, 0x00, 0xC0])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_what_a_half_cannot_hold_is_refused(value: float) -> None:
    """Neither not-a-number nor overflow reaches the log."""
    with pytest.raises(ValueError, match="finite"):
        pack_vectors(np.array([[value]], np.float32))
