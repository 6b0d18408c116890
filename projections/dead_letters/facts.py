"""What records say about the fate of dead letters."""

from muniment.projections.dead_letters.fate import (
    Discarded,
    Edited,
    Fact,
    FailedAgain,
    Quarantined,
    Released,
    Sent,
    Taken,
    What,
)
from muniment.projections.dead_letters.letter import DeadLetter
from muniment.projections.rows import storable
from muniment.schemas.codec import Envelope
from muniment.schemas.operations import (
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLetterRedriven,
    DeadLettersDiscarded,
    RedriveEnded,
    RedriveStarted,
)


def facts_of(item: Envelope) -> list[Fact]:  # noqa: PLR0911 - one case an event, which is the point of a match
    """The facts in an operation, one a letter."""
    match item.event:
        case RedriveStarted() as e:
            return [_fact(item, letter, Taken(e.redrive_id), e.reason) for letter in e.letters]
        case DeadLetterRedriven() as e:
            return [Fact(storable(e.letter), Sent(e.redrive_id, e.times))]
        case RedriveEnded() as e:
            return [Fact(None, Released(e.redrive_id))]
        case DeadLettersDiscarded() as e:
            how = "expired" if e.how == "expired" else "discarded"
            return [_fact(item, letter, Discarded(how), e.reason) for letter in e.letters]
        case DeadLetterQuarantined() as e:
            why = f"it failed in the same way {e.times} times"
            return [_fact(item, e.letter, Quarantined(), why)]
        case DeadLetterEdited() as e:
            return [_fact(item, e.letter, Edited(), e.reason)]
        case _:
            return []


def failed_again(letter: DeadLetter) -> list[Fact]:
    """What a dead letter says of the one that it was before its redrive."""
    if letter.redrive_letter is None:
        return []
    return [Fact(letter.redrive_letter, FailedAgain(letter.redrive_times, letter.letter))]


def _fact(item: Envelope, letter: str, what: What, reason: str) -> Fact:
    return Fact(storable(letter), what, item.meta.time, storable(item.meta.actor), storable(reason))
