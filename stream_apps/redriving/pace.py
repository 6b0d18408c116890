"""How many letters may go out now. Pure: time comes in."""

from dataclasses import dataclass

BURST_S = 0.25
"""What was not sent is saved up for no longer than this, so that no second sees more than its rate and a bit."""


@dataclass(slots=True)
class Pace:
    """At most `rate` a second. `at` is a moment of any clock that only goes forward, seconds."""

    rate: float
    at: float
    saved: float = 1.0

    def take(self, now: float, most: int) -> int:
        """How many may go out now, at most `most`; they count as gone."""
        saved = self.saved + max(now - self.at, 0.0) * self.rate
        self.saved, self.at = min(saved, 1.0 + self.rate * BURST_S), now
        count = min(int(self.saved), most)
        self.saved -= count
        return count
