"""How many messages a key may send: a bucket that fills at a rate. Pure but for the clock it is given."""

from collections.abc import Callable
from time import monotonic

MOST_KEYS = 10_000


class Pace:
    """A bucket for each key, of twice a second's worth; it is full as long as nothing was taken."""

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate = per_second
        self._most = 2.0 * per_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> bool:
        """Whether one more may pass now."""
        now = self._clock()
        left, at = self._left.get(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._rate)
        if len(self._left) >= MOST_KEYS and key not in self._left:
            # Whoever was away long enough for a full bucket needs none.
            self._left = {k: v for k, v in self._left.items() if v[0] + (now - v[1]) * self._rate < self._most}
        self._left[key] = (left - 1.0, now) if left >= 1.0 else (left, now)
        return left >= 1.0
