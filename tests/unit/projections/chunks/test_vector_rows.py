"""Rows in binary COPY format."""

from uuid import UUID

import numpy as np
import pytest

from muniment.projections.chunks.known_vectors import vector_of
from muniment.projections.chunks.vector_rows import HEADER, TRAILER, VectorBatch, copy_stream


def batch(vectors: bytes | None, dimensions: int = 3, count: int = 2) -> VectorBatch:
    """A batch of two vectors of three numbers."""
    return VectorBatch("acme", UUID(int=1), 1, 5, tuple(bytes([i]) for i in range(count)), "m", dimensions, vectors)


def test_a_vector_reads_back_as_it_was() -> None:
    """The last field of the row is the vector in Postgres' own format."""
    values = np.array([[0.5, -1.25, 3.0], [1.0, 2.0, 4.0]], "<f2")
    stream = copy_stream([batch(values.tobytes())], 3)
    assert stream.startswith(HEADER)
    assert stream.endswith(TRAILER)
    last = stream[: -len(TRAILER)][-(4 + 6) :]
    assert np.array_equal(vector_of(last), values[1])


def test_a_foreign_length_or_a_lost_key_gives_null() -> None:
    """Such a row is there, without a vector."""
    null = b"\xff\xff\xff\xff"
    other = copy_stream([batch(b"\0" * 8, dimensions=2)], 3)
    assert other.count(null) >= 2
    assert copy_stream([batch(None)], 3).count(null) >= 2


def test_a_torn_batch_is_refused() -> None:
    """Bytes that are not the vectors they are said to be are no rows."""
    with pytest.raises(ValueError, match="another number"):
        copy_stream([batch(b"odd")], 3)
