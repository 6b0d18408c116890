"""What becomes of a dead letter after it was buried, pure.

    waiting | edited | quarantined -> redriving -> redriven -> failed_again
    waiting | edited | quarantined | failed_again -> discarded | expired

Operations come in one order, dead letters in theirs, and the two topics in none. So what operators did is folded in its
order, that a letter has failed again is a maximum, and the status is derived from both.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

STATUSES = ("waiting", "redriving", "redriven", "failed_again", "discarded", "expired", "quarantined", "edited")
"""Every status."""
WAITING, EDITED, QUARANTINED = "waiting", "edited", "quarantined"
REDRIVABLE = (WAITING, EDITED)
"""What a redrive takes; a forced one takes quarantined letters, too."""
DISCARDABLE = (WAITING, EDITED, QUARANTINED)
"""What waits for an operator: what can be discarded or edited."""


@dataclass(frozen=True)
class Fate:
    """A row of `fates`: what is known of a letter besides its record, which may not even have been folded yet.

    Attributes:
        letter: The letter's place.
        status: One of `STATUSES`; follows from the rest.
        standing: What it is while no redrive has it: waiting, edited or quarantined.
        redrive_id: The last redrive that took it.
        taken: That redrive has it, and has not sent it yet.
        times: The number of the redrive that last sent it; 0 when none has.
        failed_times: The number of the redrive after which it failed last.
        failed_as: The dead letter that it became then.
        discarded: `discarded` or `expired` once nobody will redrive it.
        edits: How often it was edited.
        reason: The last reason that an operator gave.
        actor: Who that was, as `key:<id>`.
        changed_at: When that was.

    """

    letter: str
    status: str = WAITING
    standing: str = WAITING
    redrive_id: UUID | None = None
    taken: bool = False
    times: int = 0
    failed_times: int = 0
    failed_as: str | None = None
    discarded: str | None = None
    edits: int = 0
    reason: str | None = None
    actor: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Taken:
    """A redrive has it on its list."""

    redrive_id: UUID


@dataclass(frozen=True)
class Sent:
    """It is back at its step."""

    redrive_id: UUID
    times: int


@dataclass(frozen=True)
class Released:
    """A redrive is over; what it has not sent is as it was."""

    redrive_id: UUID


@dataclass(frozen=True)
class Discarded:
    """Nobody will redrive it; `how` is `discarded` or `expired`."""

    how: str


@dataclass(frozen=True)
class Quarantined:
    """It failed in the same way again and again."""


@dataclass(frozen=True)
class Edited:
    """It is to be read with a patch."""


@dataclass(frozen=True)
class FailedAgain:
    """After its `times`-th redrive it became the dead letter `letter`."""

    times: int
    letter: str


What = Taken | Sent | Released | Discarded | Quarantined | Edited | FailedAgain


@dataclass(frozen=True)
class Fact:
    """What is said of which letter (`None`: of all that a redrive still has), by whom and when."""

    letter: str | None
    what: What
    at: datetime | None = None
    actor: str | None = None
    reason: str | None = None


def evolve(fate: Fate, fact: Fact) -> Fate:
    """The fate after a fact."""
    match fact.what:
        case Taken(redrive_id) if not (fate.times and fate.redrive_id == redrive_id):
            # The word that it was sent may overtake the word that it was taken.
            fate = replace(fate, redrive_id=redrive_id, taken=True)
        case Sent(redrive_id, times):
            fate = replace(fate, redrive_id=redrive_id, taken=False, times=max(fate.times, times), discarded=None)
        case Released(redrive_id):
            fate = replace(fate, taken=fate.taken and fate.redrive_id != redrive_id)
        case Discarded(how):
            fate = replace(fate, discarded=how)
        case Quarantined():
            fate = replace(fate, standing=QUARANTINED)
        case Edited():
            fate = replace(fate, standing=EDITED, edits=fate.edits + 1)
        case FailedAgain(times, letter) if times > fate.failed_times:
            fate = replace(fate, failed_times=times, failed_as=letter)
    if fact.reason is not None:
        fate = replace(fate, reason=fact.reason, actor=fact.actor, changed_at=fact.at)
    return replace(fate, status=status(fate))


def status(fate: Fate) -> str:
    """Where the letter is."""
    if fate.discarded:
        return fate.discarded
    if fate.taken:
        return "redriving"
    if fate.failed_times and fate.failed_times >= fate.times:
        return "failed_again"
    return "redriven" if fate.times else fate.standing
