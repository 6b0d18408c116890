"""Checks an endpoint's answer before anyone believes it. Pure."""

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muniment.producers.embedding.embedder import Embedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


def read_vectors(answer: Any, count: int, dimensions: int) -> Embedded:
    """The vectors in the order that was asked.

    Raises `StepFailure(embedding_bad_answer)` for a wrong count, order or dimension, and for vectors that are not
    finite or all nought: they would poison every distance in the index.
    """
    items = getattr(answer, "data", None)
    if not isinstance(items, list) or len(items) != count:
        found = len(items) if isinstance(items, list) else "no"
        raise _bad(f"{found} vectors for {count} texts")
    vectors = np.empty((count, dimensions), np.float32)
    seen: set[int] = set()
    for place, item in enumerate(items):
        index = getattr(item, "index", place)
        if not isinstance(index, int) or not 0 <= index < count or index in seen:
            raise _bad("the places of the vectors are wrong")
        seen.add(index)
        vectors[index] = _vector(getattr(item, "embedding", None), dimensions)
    if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise _bad("a vector is not finite or all nought")
    tokens = getattr(getattr(answer, "usage", None), "total_tokens", None)
    return Embedded(vectors, tokens if isinstance(tokens, int) and tokens >= 0 else 0)


def _vector(given: Any, dimensions: int) -> NDArray[np.float32]:
    """One vector; base64 was asked for, but some endpoints answer with numbers all the same."""
    try:
        if isinstance(given, str):
            vector = np.frombuffer(base64.b64decode(given, validate=True), "<f4")
        else:
            vector = np.asarray(given, np.float32)
    except (binascii.Error, ValueError, TypeError) as cause:
        raise _bad("a vector cannot be read") from cause
    if vector.shape != (dimensions,):
        raise _bad(f"a vector of shape {vector.shape} instead of {dimensions} dimensions")
    return vector


def _bad(detail: str) -> StepFailure:
    return StepFailure(ErrorCode.EMBEDDING_BAD_ANSWER, f"the embedding answer is wrong: {detail}")
