"""A moment of the past as a place on a slider, and back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

STEPS = 240
"""Places of the slider; the last is the end of its window."""
WINDOWS: Mapping[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
"""How far back the slider reaches."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the slider stands: at `step` of `STEPS` in a window that ends at `until`."""

    window: str
    until: datetime
    step: int

    @property
    def at(self) -> datetime:
        """The moment that this place stands for: the end of the window as it is, any other in whole seconds."""
        if self.step >= STEPS:
            return self.until
        back = WINDOWS[self.window] * (STEPS - self.step) / STEPS
        return (self.until - back).replace(microsecond=0)

    @property
    def since(self) -> datetime:
        """The moment at the slider's beginning."""
        return self.until - WINDOWS[self.window]


def placed(at: datetime | None, window: str, now: datetime) -> Place:
    """The place of a moment in the window that ends now, or the nearest there is; the end of it for no moment."""
    if at is None:
        return Place(window, now, STEPS)
    share = (at - (now - WINDOWS[window])) / WINDOWS[window]
    return Place(window, now, min(STEPS, max(0, round(share * STEPS))))
