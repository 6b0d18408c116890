"""What happened to the running of Muniment itself: flags, steps, breakers, dead letters. All in one order.

Reasons and names are kept in clear: they are about the house, not about what is in it. `letter` is always a place on
the dead-letter topic, as `topic:partition:offset`.
"""

from collections.abc import Mapping
from uuid import UUID

from muniment.schemas.event import DocumentEvent, Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import OPERATIONS


@event(topic=OPERATIONS, key="flag")
class FlagChanged(Event):
    """A feature flag has this value from here on, in every process."""

    flag: str
    value: bool
    reason: str


@event(topic=OPERATIONS, key="step")
class StepHalted(Event):
    """A step takes no more records: `dead` of the last `settled` were buried (0 of 0 when a person halted it)."""

    step: str
    reason: str
    code: str
    dead: int
    settled: int


@event(topic=OPERATIONS, key="step")
class StepResumed(Event):
    """A halted step goes on; `by` is `command` or `probe`."""

    step: str
    by: str
    reason: str


@event(topic=OPERATIONS, key="breaker")
class BreakerOpened(Event):
    """An outside service failed so often in a row that nobody calls it before `retry_after_s` have passed."""

    breaker: str
    failures: int
    retry_after_s: float
    code: str


@event(topic=OPERATIONS, key="breaker")
class BreakerClosed(Event):
    """The service is called again; `by` is `probe` or `command`."""

    breaker: str
    by: str
    reason: str


@event(topic=OPERATIONS, key="redrive_id")
class RedriveStarted(Event):
    """These dead letters go back to their steps, at most `rate` a second, `canary` of each fingerprint first."""

    redrive_id: UUID
    letters: tuple[str, ...]
    selection: Mapping[str, str]
    rate: float
    canary: int
    reason: str


@event(topic=OPERATIONS, key="redrive_id")
class DeadLetterRedriven(Event):
    """A dead letter is back at its step, for the `times`-th time."""

    redrive_id: UUID
    letter: str
    document_id: UUID | None
    job_id: UUID | None
    times: int


@event(topic=OPERATIONS, key="redrive_id")
class RedriveEnded(Event):
    """A redrive is over: `done`, `stopped`, or `canary_failed`; `left` letters were not touched."""

    redrive_id: UUID
    outcome: str
    redriven: int
    left: int
    reason: str


@event(topic=OPERATIONS, key="dead_letters")
class DeadLettersDiscarded(Event):
    """Nobody will redrive these; `how` is `command` or `expired`. They stay on the log."""

    letters: tuple[str, ...]
    how: str
    reason: str


@event(topic=OPERATIONS, key="dead_letters")
class DeadLetterQuarantined(Event):
    """A redriven letter failed in the same way again and again; only an edit or a forced redrive brings it out."""

    letter: str
    fingerprint: str
    times: int


@event(topic=OPERATIONS)
class DeadLetterEdited(DocumentEvent):
    """The letter is to be read with this JSON Patch (RFC 6902) from here on; the original stays as it was."""

    letter: str
    patch: Personal[str]
    reason: str


@event(topic=OPERATIONS, key="about")
class OperationRejected(Event):
    """A request of an operator was decided against."""

    command: str
    about: str
    code: str
    reason: str
