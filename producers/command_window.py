"""What has been read of a topic of commands, and what has to be read for another look. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from muniment.schemas.record import Position

Place = tuple[str, int]
"""A topic by its own name, and a partition."""
MOST = 50_000
"""Most commands that are remembered beside those that are looked for: 20 MB."""


@dataclass(slots=True)
class Window:
    """The commands of each partition from `firsts` to before `ends`, each where it lies first.

    `partial`: there were more than can be remembered, so it answers for those that were looked for alone.
    """

    firsts: dict[Place, int]
    ends: dict[Place, int] = field(default_factory=dict)
    found: dict[str, Position] = field(default_factory=dict)
    partial: bool = False

    def __post_init__(self) -> None:
        """Nothing is read yet."""
        self.ends = self.ends or dict(self.firsts)

    def add(self, command_id: str, position: Position, *, wanted: bool) -> None:
        """A command was read."""
        if wanted or len(self.found) < MOST:
            self.found.setdefault(command_id, position)
        else:
            self.partial = True

    def covers(self, firsts: Mapping[Place, int], ends: Mapping[Place, int]) -> bool:
        """Whether it has all that was read before from there on, and only what follows is to be read."""
        if self.partial or self.firsts.keys() != firsts.keys():
            return False
        # An end that went back: the topic was made anew, and what was read is of another one. One that lies before what
        # is asked for: to read all in between would cost more than to begin there, and after days far more.
        return all(self.firsts[place] <= first <= self.ends[place] <= ends[place] for place, first in firsts.items())


def going_on(window: Window | None, firsts: Mapping[Place, int], ends: Mapping[Place, int]) -> Window:
    """The window for a look from `firsts` to `ends`: the one before, if it covers that, or a new one."""
    return window if window is not None and window.covers(firsts, ends) else Window(dict(firsts))
