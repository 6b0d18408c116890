"""When to let records gather before the next fold, pure: never on a quiet log, a moment on a busy one.

A fold costs the same ten round trips and one commit for one record as for a hundred. A projection that spends much of
its time on short folds gets its records one by one: a moment later there is a handful to share a transaction.
"""

from collections import deque

WITHIN_S = 1.0
BUSY_SHARE = 0.4
GATHER_S = 0.05


class Pace:
    """How long to wait after a fold. Times are seconds of any clock that does not go back."""

    def __init__(self, busy_share: float = BUSY_SHARE, within_s: float = WITHIN_S, gather_s: float = GATHER_S) -> None:
        self._folds: deque[tuple[float, float]] = deque()
        self._busy_s = busy_share * within_s
        self._within_s = within_s
        self._gather_s = gather_s

    def folded(self, began: float, ended: float) -> float:
        """Take note of a fold; seconds to let records gather before the next one, 0 while the log is quiet."""
        self._folds.append((began, ended))
        since = ended - self._within_s
        while self._folds[0][1] < since:
            self._folds.popleft()
        worked = sum(end - max(begin, since) for begin, end in self._folds)
        # During a long fold enough has gathered by itself.
        return self._gather_s if worked > self._busy_s and ended - began < self._gather_s else 0.0
