"""What a call cost, and whose share of it is whose. Pure, whole numbers only."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal


def cost_micros(tokens: int, price_per_million: Decimal) -> int:
    """Millionths of a currency unit for `tokens`, at a price in currency units for a million tokens.

    A million tokens and a millionth of a unit cancel out: one token at a price of 0.02 is 0.02 millionths.
    """
    if tokens < 0 or price_per_million < 0:
        raise ValueError("tokens and price cannot be negative")
    return int((tokens * price_per_million).to_integral_value(ROUND_HALF_EVEN))


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Shares of `total` in proportion to `weights`, as whole numbers that add up to it exactly.

    An endpoint tells the tokens of a whole call only; the largest remainders get what rounding left over.
    """
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares
