"""An endpoint's answer is believed only when it fits the question."""

import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from muniment.producers.embedding.answers import read_vectors
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


def encoded(*numbers: float) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


def answer(*rows: Any, tokens: Any = 5) -> Any:
    items = [SimpleNamespace(index=place, embedding=row) for place, row in enumerate(rows)]
    return SimpleNamespace(data=items, usage=SimpleNamespace(total_tokens=tokens))


def test_base64_and_numbers_are_both_read() -> None:
    """Endpoints that ignore the asked encoding are understood as well."""
    found = read_vectors(answer(encoded(1, 2), [3.0, 4.0]), 2, 2)
    assert found.vectors.tolist() == [[1, 2], [3, 4]]
    assert found.tokens == 5


def test_the_index_decides_the_place() -> None:
    """Vectors that come in another order are put back in order."""
    given = answer(encoded(1, 1), encoded(2, 2))
    given.data.reverse()
    assert read_vectors(given, 2, 2).vectors.tolist() == [[1, 1], [2, 2]]


def test_missing_usage_counts_as_nought() -> None:
    """An endpoint that does not count tokens still serves."""
    assert read_vectors(answer(encoded(1, 1), tokens=None), 1, 2).tokens == 0


@pytest.mark.parametrize(
    "given",
    [
        "not an answer",
        SimpleNamespace(data=None),
        answer(encoded(1, 2)),
        answer(encoded(1, 2), encoded(1, 2), encoded(1, 2)),
        answer(encoded(1, 2), encoded(1, 2, 3)),
        answer(encoded(1, 2), encoded(1, float("nan"))),
        answer(encoded(1, 2), encoded(1, float("inf"))),
        answer(encoded(1, 2), encoded(0, 0)),
        answer(encoded(1, 2), "!!!"),
        answer(encoded(1, 2), "AAA="),
        answer(encoded(1, 2), None),
        answer(encoded(1, 2), ["x", "y"]),
        SimpleNamespace(data=[SimpleNamespace(index=0, embedding=encoded(1, 2))] * 2),
        SimpleNamespace(data=[SimpleNamespace(index=n, embedding=encoded(1, 2)) for n in (1, 2)]),
    ],
)
def test_a_wrong_answer_is_refused(given: Any) -> None:
    """Wrong counts, places, lengths, not-a-number and all-nought vectors never get through."""
    with pytest.raises(StepFailure) as caught:
        read_vectors(given, 2, 2)
    assert caught.value.code is ErrorCode.EMBEDDING_BAD_ANSWER
