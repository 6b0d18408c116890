"""How sure a prediction is, from 0 to 1. Pure.

What was typed says most: how the phrase begins, and how much of it is typed already. A phrase of many documents, and
one of a recent document, is a little likelier than its like. The numbers are an order, held by tests to what it
promises (more typed, more recent, more often: never less sure); they are not measured frequencies.
"""

import math
from typing import Literal

Match = Literal["exact", "beginning", "words", "inside"]
_BOUNDS: dict[Match, tuple[float, float]] = {
    "exact": (0.95, 0.95),
    "beginning": (0.55, 0.9),
    "words": (0.4, 0.75),
    "inside": (0.25, 0.55),
}
"""By match: for next to nothing of the phrase typed, and for nearly all of it."""
_CONTEXT = 0.15
"""The share of the whole that recency and frequency have, in equal parts."""
HALF_LIFE_DAYS = 180.0


def match_of(typed: str, phrase: str) -> Match:
    """How a folded phrase has what was typed, folded: all of it, its beginning, beginnings of its words, or within."""
    if typed == phrase:
        return "exact"
    if phrase.startswith(typed):
        return "beginning"
    words = phrase.split(" ")
    return "words" if all(any(w.startswith(t) for w in words) for t in typed.split(" ")) else "inside"


def confidence(typed: str, phrase: str, *, times: int, age_days: float) -> float:
    """How likely it is that `phrase` is meant, both folded; it stands in `times` documents, the newest of that age."""
    low, high = _BOUNDS[match_of(typed, phrase)]
    share = min(1.0, len(typed) / max(1, len(phrase)))
    sure = low + (high - low) * share
    recent = math.pow(0.5, max(0.0, age_days) / HALF_LIFE_DAYS)
    often = 1.0 - 1.0 / (1.0 + max(0, times - 1))
    return sure * (1.0 - _CONTEXT + _CONTEXT * (recent + often) / 2)
