"""How alike two rankings are, and how good: pure.

nDCG has the logarithmic discount of Järvelin and Kekäläinen (ACM TOIS 20(4), 2002): Σ gain / log2(rank + 1), divided
by that of the best order there could be.
"""

from collections.abc import Hashable, Mapping, Sequence
from math import ceil, log2
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def overlap(first: Sequence[Item], second: Sequence[Item], k: int) -> float:
    """The share of the first `k` of one ranking that is among the first `k` of the other; 1 when both are empty."""
    one, other = set(first[:k]), set(second[:k])
    most = max(len(one), len(other))
    return len(one & other) / most if most else 1.0


def ndcg(ranking: Sequence[Item], gains: Mapping[Item, float], k: int) -> float:
    """How near the first `k` come to the best order, from 0 to 1; 1 when there is nothing to be found.

    An item that comes twice counts where it comes first.
    """
    found = list(dict.fromkeys(ranking))[:k]
    best = sorted(gains.values(), reverse=True)[:k]
    ideal = _discounted(best)
    return _discounted([gains.get(item, 0.0) for item in found]) / ideal if ideal else 1.0


def gains_of(reference: Sequence[Item], k: int) -> dict[Item, float]:
    """Where nobody has judged: what the reference has first is worth most, linearly down to its `k`-th."""
    return {item: (k - rank) / k for rank, item in enumerate(list(dict.fromkeys(reference))[:k])}


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, `share` between 0 and 1; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))
