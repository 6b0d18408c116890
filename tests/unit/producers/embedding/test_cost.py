"""Money and shares."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.embedding.cost import apportion, cost_micros


def test_a_million_tokens_cost_the_price() -> None:
    """A million tokens at 0.02 are 20,000 millionths."""
    assert cost_micros(1_000_000, Decimal("0.02")) == 20_000
    assert cost_micros(500, Decimal("0.13")) == 65


def test_a_free_model_costs_nothing() -> None:
    """A price of nought is a cost of nought."""
    assert cost_micros(10**9, Decimal(0)) == 0


def test_nothing_is_negative() -> None:
    """Negative tokens or prices are mistakes."""
    with pytest.raises(ValueError, match="negative"):
        cost_micros(-1, Decimal(1))
    with pytest.raises(ValueError, match="negative"):
        cost_micros(1, Decimal(-1))


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**4), min_size=1, max_size=30))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    """Shares sum to the total and are within one of the exact proportion."""
    shares = apportion(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    if whole:
        assert all(
            abs(share - total * weight / whole) < 1.000001 for share, weight in zip(shares, weights, strict=True)
        )


def test_nobody_shares_nothing() -> None:
    """Without takers there are no shares."""
    assert apportion(5, []) == []
