"""Turns that keys share: who gets one, and who waits. Pure: no clock, no event loop.

Nobody gets more than is left for others (`fits`): alone a key gets half of the turns, the next one half of what is
left, and so on, so that one that comes new finds a turn even when all others keep theirs for minutes. Keys that wait
are served in rotation.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T", bound=Hashable)


def fits(held: int, free: int) -> bool:
    """Whether who holds so many may have one more while so many are free: at most as much as stays for others."""
    return held < free


class Rotation(Generic[K, T]):
    """So many turns. A ticket is whatever its owner recognises it by."""

    def __init__(self, turns: int) -> None:
        if turns < 1:
            raise ValueError("there is at least one turn")
        self.free = turns
        self._held: Counter[K] = Counter()
        self._waiting: OrderedDict[K, deque[T]] = OrderedDict()

    def held(self, key: K) -> int:
        """How many turns the key has."""
        return self._held[key]

    def ask(self, key: K, ticket: T) -> bool:
        """Whether there is a turn at once; if not, the ticket waits for one."""
        if key not in self._waiting and fits(self._held[key], self.free):
            self._give(key)
            return True
        self._waiting.setdefault(key, deque()).append(ticket)
        return False

    def leave(self, key: K, ticket: T) -> None:
        """The ticket waits no longer."""
        self._waiting[key].remove(ticket)
        if not self._waiting[key]:
            del self._waiting[key]

    def end(self, key: K) -> list[T]:
        """Take a turn back; the tickets that have one now."""
        self.free += 1
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        given = []
        while (following := self._following()) is not None:
            given.append(self._waiting[following].popleft())
            self._give(following)
            # Whoever has had one stands behind all others that wait.
            self._waiting.move_to_end(following)
            if not self._waiting[following]:
                del self._waiting[following]
        return given

    def _following(self) -> K | None:
        return next((key for key in self._waiting if fits(self._held[key], self.free)), None)

    def _give(self, key: K) -> None:
        self.free -= 1
        self._held[key] += 1
