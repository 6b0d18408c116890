"""Lets so many denied requests of one kind into the trail a minute, and counts the others. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass, field

EACH = 10
"""Entries of one caller and action in a window."""
ALL = 200
"""Entries of all denied requests of this process in a window."""
WINDOW_S = 60.0
MOST_KEYS = 10_000


@dataclass
class _Window:
    began: float
    told: int = 0
    left_out: int = 0


@dataclass
class Denials:
    """Somebody who hammers at a door must not fill the log; that he hammers is on it, with how often."""

    _of: dict[Hashable, _Window] = field(default_factory=dict)
    _all: _Window = field(default_factory=lambda: _Window(0.0))

    def admit(self, who: Hashable, now: float) -> int | None:
        """How many like it were left out before, for an entry; `None` when this one gets none. `now` in seconds."""
        if now - self._all.began >= WINDOW_S:
            self._all = _Window(now)
        if len(self._of) >= MOST_KEYS:
            self._of = {key: window for key, window in self._of.items() if now - window.began < WINDOW_S}
        window = self._of.get(who)
        if window is None or now - window.began >= WINDOW_S:
            window = _Window(now, left_out=window.left_out if window else 0)
            if len(self._of) < MOST_KEYS or who in self._of:
                self._of[who] = window
        if window.told >= EACH or self._all.told >= ALL:
            window.left_out += 1
            return None
        window.told += 1
        self._all.told += 1
        left_out, window.left_out = window.left_out, 0
        return left_out
