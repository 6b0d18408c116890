"""How alike and how good rankings are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.models.measures import gains_of, ndcg, overlap, percentile

RANKINGS = st.lists(st.integers(0, 20), max_size=15, unique=True)


@given(RANKINGS, RANKINGS, st.integers(1, 12))
def test_overlap_is_a_share_and_the_same_both_ways(one: list[int], other: list[int], k: int) -> None:
    """1 for the same, 0 where nothing is common."""
    assert 0 <= overlap(one, other, k) <= 1
    assert overlap(one, other, k) == overlap(other, one, k)
    assert overlap(one, one, k) == 1


@given(RANKINGS, st.permutations(range(8)), st.integers(1, 8))
def test_the_reference_is_best_by_its_own_judgment(ranking: list[int], other: list[int], k: int) -> None:
    """Nothing else reaches more than its 1."""
    gains = gains_of(other, k)
    assert ndcg(other, gains, k) == pytest.approx(1)
    assert 0 <= ndcg(ranking, gains, k) <= 1 + 1e-9


def test_ndcg_is_as_in_the_paper() -> None:
    """Graded relevance 3, 2, 3, 0, 1, 2 with linear gain: 6.861 of 7.141 (with the next best at hand)."""
    gains = {"a": 3.0, "b": 2.0, "c": 3.0, "d": 0.0, "e": 1.0, "f": 2.0}
    assert ndcg(list("abcdef"), gains, 6) == pytest.approx(0.9608, abs=1e-4)
    assert ndcg(["d"], {"a": 1.0}, 6) == 0
    assert ndcg(["a", "a", "a"], {"a": 1.0}, 3) == 1
    assert ndcg([], {}, 3) == 1


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_percentile_is_one_of_the_values(values: list[float]) -> None:
    """At least that share of them is not above it."""
    for share in (0.5, 0.95, 1.0):
        found = percentile(values, share)
        assert found in values
        assert sum(value <= found for value in values) >= share * len(values)
