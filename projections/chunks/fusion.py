"""Reciprocal rank fusion, pure (Cormack, Clarke and Büttcher, SIGIR 2009): score = Σ weight / (60 + rank)."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

K = 60
Key = TypeVar("Key", bound=Hashable)


def fused(arms: Mapping[str, Sequence[tuple[Key, float]]]) -> list[tuple[Key, float, dict[str, int]]]:
    """Keys by fused score, best first, with their rank (from 1) in each arm that has them.

    An arm is its keys in order, each with the weight of its vote, 1 for a full one. Equal scores keep the order of the
    first arm that has the key, so that the result depends on nothing else.
    """
    ranks: dict[Key, dict[str, int]] = {}
    scores: dict[Key, float] = {}
    for arm, votes in arms.items():
        for rank, (key, weight) in enumerate(votes, 1):
            if arm not in ranks.setdefault(key, {}):
                ranks[key][arm] = rank
                scores[key] = scores.get(key, 0.0) + weight / (K + rank)
    return sorted(((key, scores[key], found) for key, found in ranks.items()), key=lambda hit: -hit[1])
