"""What the decider of operations remembers: what was done with dead letters, and the redrives. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from muniment.schemas.event import Event
from muniment.schemas.operations import (
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLettersDiscarded,
    RedriveEnded,
    RedriveStarted,
)

LetterState = Literal["waiting", "claimed", "sending", "redriven", "discarded", "quarantined"]
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as the read model has it.

    `letter` is its place, `times` how often it was redriven before, `branch` its embedding model where it has one.
    """

    letter: str
    tenant: str
    step: str
    fingerprint: str
    document_id: UUID | None
    job_id: UUID | None
    failed_at: datetime
    times: int = 0
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was done with a letter: nothing, as long as it waits."""

    state: LetterState = "waiting"
    redrive_id: UUID | None = None
    number: int | None = None

    def free(self, *, force: bool) -> bool:
        """Whether a redrive may take it."""
        return self.state == "waiting" or (force and self.state == "quarantined")


@dataclass(frozen=True, slots=True)
class Redrive:
    """A redrive. `redriven` and `left` count its letters: gone out (or just going), and not touched yet."""

    tenant: str
    state: str = RUNNING
    redriven: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Of everything only what a command is about: the letters that it found, the redrives of its tenant.

    `resting` are the embedding models that nobody embeds with, each with its state (see `RESTING`).
    """

    letters: Mapping[str, Standing] = field(default_factory=dict)
    redrives: Mapping[UUID, Redrive] = field(default_factory=dict)
    resting: Mapping[str, str] = field(default_factory=dict)

    def standing(self, letter: str) -> Standing:
        """What was done with a letter."""
        return self.letters.get(letter, Standing())


def in_order(letters: Iterable[Letter], canary: int) -> tuple[list[Letter], int]:
    """The oldest first, but before them `canary` letters of each fingerprint; and how many these are."""
    oldest = sorted(letters, key=lambda one: (one.failed_at, one.letter))
    seen: Counter[str] = Counter()
    first: list[Letter] = []
    rest: list[Letter] = []
    for one in oldest:
        seen[one.fingerprint] += 1
        (first if seen[one.fingerprint] <= canary else rest).append(one)
    return [*first, *rest], len(first)


def evolve(state: State, event: Event, tenant: str) -> State:
    """The state after a decision for a tenant."""
    letters, redrives = dict(state.letters), dict(state.redrives)
    match event:
        case RedriveStarted():
            redrives[event.redrive_id] = Redrive(tenant, left=len(event.letters))
            for number, letter in enumerate(event.letters):
                letters[letter] = Standing("claimed", event.redrive_id, number)
        case RedriveEnded() if event.redrive_id in redrives:
            redrives[event.redrive_id] = replace(redrives[event.redrive_id], state=event.outcome)
            for letter, standing in state.letters.items():
                if standing.redrive_id == event.redrive_id and standing.state == "claimed":
                    letters[letter] = Standing()
        case DeadLettersDiscarded():
            letters |= dict.fromkeys(event.letters, Standing("discarded"))
        case DeadLetterQuarantined() if state.standing(event.letter).state == "waiting":
            letters[event.letter] = Standing("quarantined")
        case DeadLetterEdited() if state.standing(event.letter).state == "quarantined":
            # It is another record now: what it failed with does not count against it.
            letters[event.letter] = Standing()
    return replace(state, letters=letters, redrives=redrives)
