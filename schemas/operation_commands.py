"""Requests of operators. Like every command: recorded first, then decided, and so on the record with who and why."""

from collections.abc import Mapping
from uuid import UUID

from muniment.schemas.event import DocumentEvent, Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import COMMANDS_OPERATIONS


@event(topic=COMMANDS_OPERATIONS, command=True, key="flag")
class SetFlag(Event):
    """Give a feature flag this value everywhere."""

    flag: str
    value: bool
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="step")
class HaltStep(Event):
    """Let a step take no more records until it is resumed."""

    step: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="step")
class ResumeStep(Event):
    """Let a halted step go on."""

    step: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="breaker")
class ResetBreaker(Event):
    """Close a breaker: the service is called again at once."""

    breaker: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="dead_letters")
class RedriveDeadLetters(Event):
    """Send dead letters back to their steps: those named, or all that match the selection.

    `confirmed` is the number of letters that the operator was shown (0: none); above 100 it has to be close to what
    is found. `rate` is letters a second, `canary` how many of each fingerprint go first (0: no canary).
    """

    letters: tuple[str, ...]
    selection: Mapping[str, str]
    rate: float
    canary: int
    confirmed: int
    force: bool
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="redrive_id")
class StopRedrive(Event):
    """Leave the rest of a redrive where it is."""

    redrive_id: UUID
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="dead_letters")
class DiscardDeadLetters(Event):
    """Give up on dead letters: those named, or all that match the selection; `confirmed` as for a redrive."""

    letters: tuple[str, ...]
    selection: Mapping[str, str]
    confirmed: int
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True)
class EditDeadLetter(DocumentEvent):
    """Read a dead letter with this JSON Patch (RFC 6902) and redrive it."""

    letter: str
    patch: Personal[str]
    reason: str
