"""Turns that keys share: bounded, in rotation, none lost, and one left for whoever comes new."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.hosting.rotation import Rotation

KEYS = st.integers(0, 4)
MOVES = st.lists(st.tuples(st.sampled_from(["ask", "end", "leave"]), KEYS), max_size=80)


class Played:
    """A rotation, and what those who asked know of it."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.rotation: Rotation[int, int] = Rotation(turns)
        self.having: dict[int, list[int]] = {key: [] for key in range(5)}
        self.waiting: dict[int, list[int]] = {key: [] for key in range(5)}
        self.passed: Counter[int] = Counter()
        self._tickets = 0

    def ask(self, key: int) -> None:
        """One more of the key wants a turn."""
        self._tickets += 1
        there = self.rotation.ask(key, self._tickets)
        (self.having if there else self.waiting)[key].append(self._tickets)

    def leave(self, key: int) -> None:
        """The last of the key that waits gives up."""
        if self.waiting[key]:
            self.rotation.leave(key, self.waiting[key].pop())

    def end(self, key: int) -> None:
        """One of the key gives its turn back; whoever has it now is the first of its key."""
        if not self.having[key]:
            return
        self.having[key].pop()
        for ticket in self.rotation.end(key):
            (of,) = [key for key, tickets in self.waiting.items() if ticket in tickets]
            assert self.waiting[of].pop(0) == ticket
            self.having[of].append(ticket)
            for other in self.waiting:
                self.passed[other] += bool(self.waiting[other]) and not self.having[other] and other != of
            self.passed[of] = 0

    def check(self) -> None:
        """What holds at any time."""
        taken = [len(tickets) for tickets in self.having.values()]
        assert sum(taken) + self.rotation.free == self.turns
        assert self.rotation.free >= 0
        assert [self.rotation.held(key) for key in self.having] == taken
        if self.rotation.free:
            assert all(self.having[key] for key, tickets in self.waiting.items() if tickets), "there is a turn for it"
        assert max(self.passed.values(), default=0) <= len(self.having), "others go before it time and again"


@given(st.integers(1, 9), MOVES)
def test_turns_are_bounded_and_none_is_lost(turns: int, moves: list[tuple[str, int]]) -> None:
    """Never more than there are; one without any gets what is free; given back, all are there again."""
    played = Played(turns)
    for move, key in moves:
        getattr(played, move)(key)
        played.check()
    for _ in range(len(moves) + 1):
        for key in played.having:
            played.end(key)
            played.check()
    assert not any(played.waiting.values())
    assert played.rotation.free == turns


@given(st.integers(1, 64), st.integers(1, 6))
def test_the_greedy_leave_turns_for_others(turns: int, greedy: int) -> None:
    """One key alone gets half of the turns, rounded up, and each further one half of what was left."""
    played = Played(turns)
    left = turns
    for key in range(min(greedy, 5)):
        for _ in range(turns + 1):
            played.ask(key)
        left -= (left + 1) // 2
        assert played.rotation.free == left


def test_waiting_keys_take_turns() -> None:
    """A thousand of one key that wait make no other wait longer than for one of them."""
    played = Played(1)
    for _ in range(1000):
        played.ask(0)
    for key in (1, 2):
        played.ask(key)
        played.ask(key)
    order = []
    for _ in range(7):
        (key,) = [key for key, tickets in played.having.items() if tickets]
        order.append(key)
        played.end(key)
    assert order == [0, 0, 1, 2, 0, 1, 2]


def test_there_is_a_turn_to_be_had() -> None:
    """No turns at all would be a step that waits for ever."""
    with pytest.raises(ValueError, match="at least one"):
        Rotation(0)
