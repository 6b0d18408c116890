"""Given, when, then: a decider's rules as sentences (after Emmett's `DeciderSpecification`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Decided(Generic[State]):
    """What came of it."""

    event: Any
    state: State

    def then(self, expected: Any) -> "Decided[State]":
        """It was decided so."""
        assert self.event == expected
        return self

    def then_a(self, kind: type, **expected: Any) -> "Decided[State]":
        """An event of that type, with these values among its fields."""
        assert type(self.event) is kind
        assert {name: getattr(self.event, name) for name in expected} == expected
        return self

    def then_state(self, **expected: Any) -> "Decided[State]":
        """The state after it has these values."""
        assert {name: getattr(self.state, name) for name in expected} == expected
        return self


@dataclass(frozen=True)
class Given(Generic[State]):
    """A state reached by events, on which a command is tried."""

    state: State
    decide: Callable[[Any, State], Any]
    evolve: Callable[[State, Any], State]

    def and_given(self, *events: Any) -> "Given[State]":
        """The same after more events."""
        state = self.state
        for event in events:
            state = self.evolve(state, event)
        return Given(state, self.decide, self.evolve)

    def when(self, command: Any) -> Decided[State]:
        """Decide the command, and take its event into the state."""
        event = self.decide(command, self.state)
        return Decided(event, self.evolve(self.state, event))

    def history(self, commands: Sequence[Any]) -> "Given[State]":
        """The same after these commands were decided one after the other."""
        given = self
        for command in commands:
            given = Given(given.when(command).state, self.decide, self.evolve)
        return given
