"""When something that failed is tried again: after a rest that doubles. Pure but for the clock it is given."""

from collections.abc import Callable
from time import monotonic

FIRST_S, LONGEST_S = 0.5, 15.0


class Rest:
    """Lets nobody wait for what was away a moment ago; one caller tries it again when the rest is over."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = float("-inf")
        self._length = FIRST_S

    @property
    def over(self) -> bool:
        """Whether it may be tried."""
        return self._clock() >= self._until

    def failed(self) -> None:
        """It was away: rest, twice as long as the last time in a row."""
        self._until = self._clock() + self._length
        self._length = min(self._length * 2, LONGEST_S)

    def worked(self) -> None:
        """It is there."""
        self._until, self._length = float("-inf"), FIRST_S
