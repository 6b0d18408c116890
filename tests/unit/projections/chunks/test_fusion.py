"""Reciprocal rank fusion."""

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.chunks.fusion import K, fused

Key = TypeVar("Key")


def full(*keys: Key) -> list[tuple[Key, float]]:
    """An arm of full votes."""
    return [(key, 1.0) for key in keys]


def test_agreement_wins() -> None:
    """What both arms have in second place beats what one has in first; ranks count from 1."""
    result = fused({"vector": full("a", "b"), "text": full("c", "b")})
    assert [key for key, _, _ in result] == ["b", "a", "c"]
    assert result[0][1] == pytest.approx(2 / 62)
    assert result[0][2] == {"vector": 2, "text": 2}


@given(st.lists(st.integers(), unique=True), st.lists(st.integers(), unique=True))
def test_every_key_is_there_once(one: list[int], other: list[int]) -> None:
    """The fusion holds each key of either arm once, best first."""
    result = fused({"vector": full(*one), "text": full(*other)})
    assert sorted(key for key, _, _ in result) == sorted({*one, *other})
    scores = [score for _, score, _ in result]
    assert scores == sorted(scores, reverse=True)


def test_a_weak_vote_counts_for_less() -> None:
    """A first place that covers little of the query does not push down what the other arm has high up."""
    near = full(*(f"v{n}" for n in range(1, 31)))
    assert fused({"vector": near, "text": [("v30", 1.0)]})[0][0] == "v30"
    assert [key for key, _, _ in fused({"vector": near, "text": [("v30", 0.25)]})][:4] == ["v1", "v2", "v3", "v4"]


@given(st.lists(st.integers(), unique=True, min_size=1), st.floats(0, 1))
def test_a_weight_scales_the_vote(keys: list[int], weight: float) -> None:
    """The score of what one arm alone has is its weight over its rank and the constant."""
    result = {key: score for key, score, _ in fused({"text": [(key, weight) for key in keys]})}
    assert result == {key: pytest.approx(weight / (K + rank)) for rank, key in enumerate(keys, 1)}
