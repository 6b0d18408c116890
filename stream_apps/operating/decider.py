"""What operators' commands lead to. Pure: what had to be looked up comes in as an argument."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from uuid import UUID

from muniment.schemas.breakers import BREAKERS
from muniment.schemas.event import Event
from muniment.schemas.flags import FLAGS
from muniment.schemas.operation_commands import (
    DiscardDeadLetters,
    EditDeadLetter,
    HaltStep,
    RedriveDeadLetters,
    ResetBreaker,
    ResumeStep,
    SetFlag,
    StopRedrive,
)
from muniment.schemas.operations import (
    BreakerClosed,
    DeadLetterEdited,
    DeadLettersDiscarded,
    FlagChanged,
    OperationRejected,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)
from muniment.schemas.replays import SkipEvent, UnskipEvent
from muniment.schemas.resting import RESTING
from muniment.schemas.topics import NOT_HALTABLE, STEP_NAMES
from muniment.stream_apps.operating.skipping import skip
from muniment.stream_apps.operating.state import RUNNING, Letter, State, in_order

Command = (
    SetFlag
    | HaltStep
    | ResumeStep
    | ResetBreaker
    | RedriveDeadLetters
    | StopRedrive
    | DiscardDeadLetters
    | EditDeadLetter
    | SkipEvent
    | UnskipEvent
)

CONFIRM_ABOVE = 100
"""Above so many letters the operator has to have seen their number."""
CLOSE = 1.1
"""What is found may exceed what the operator was shown by this factor."""
MOST_LETTERS = 20_000
"""So that the event with their names fits into a record."""
HIGHEST_RATE = 1000.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up for a command.

    Attributes:
        letters: The tenant's letters that it names or selects, from the read model.
        halted: The steps that are halted now, and branches of them.
        branches: The branches of steps that there are (`schemas.topics.branched`), which are halted as steps are.
        skipped: The events that projections pass by now: projection and place.
        fault: Why its selection or its patch is of no use; empty when it is.

    """

    letters: tuple[Letter, ...] = ()
    halted: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    skipped: frozenset[tuple[str, str]] = frozenset()
    fault: str = ""


class Objection(Exception):
    """Why a command is decided against."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def decide(command: Command, state: State, found: Found, operation_id: UUID, tenant: str) -> tuple[Event, ...]:
    """The events that a command leads to, never none. `operation_id` is the command's id, and names its redrive."""
    try:
        return _decide(command, state, found, operation_id, tenant)
    except Objection as objection:
        name, about = command.declaration.name, command.key
        return (OperationRejected(command=name, about=about, code=objection.code, reason=objection.reason),)


def _decide(command: Command, state: State, found: Found, operation_id: UUID, tenant: str) -> tuple[Event, ...]:
    match command:
        case SetFlag() | HaltStep() | ResumeStep() | ResetBreaker():
            return (_switch(command, found),)
        case SkipEvent() | UnskipEvent():
            return (_skip(command, found),)
        case StopRedrive():
            return (_stop(command, state, tenant),)
        case RedriveDeadLetters():
            return (_redrive(command, state, found, operation_id),)
        case DiscardDeadLetters():
            taken = _taken(command, state, found, "discard", force=True)
            return (DeadLettersDiscarded(letters=_names(taken), how="command", reason=command.reason),)
        case EditDeadLetter():
            return _edit(command, state, found, operation_id)


def _switch(command: SetFlag | HaltStep | ResumeStep | ResetBreaker, found: Found) -> Event:
    match command:
        case SetFlag():
            _known("flag", command.flag, FLAGS)
            return FlagChanged(flag=command.flag, value=command.value, reason=command.reason)
        case HaltStep():
            _known("step", command.step, found.branches.union(STEP_NAMES))
            _haltable(command.step)
            return StepHalted(step=command.step, reason=command.reason, code="", dead=0, settled=0)
        case ResumeStep():
            _known("step", command.step, found.branches.union(STEP_NAMES, found.halted))
            if command.step not in found.halted:
                raise Objection("step_not_halted", f"{command.step} is not halted; halted are: {_list(found.halted)}")
            return StepResumed(step=command.step, by="command", reason=command.reason)
        case ResetBreaker():
            # Some stand before many: `fetching:<host>`.
            _known("breaker", command.breaker.partition(":")[0], BREAKERS)
            return BreakerClosed(breaker=command.breaker, by="command", reason=command.reason)


def _skip(command: SkipEvent | UnskipEvent, found: Found) -> Event:
    try:
        return skip(command, found.skipped)
    except LookupError as objection:
        raise Objection(*objection.args) from None


def _stop(command: StopRedrive, state: State, tenant: str) -> Event:
    redrive = state.redrives.get(command.redrive_id)
    if redrive is None or redrive.tenant != tenant:
        running = [str(i) for i, r in state.redrives.items() if r.state == RUNNING and r.tenant == tenant]
        raise Objection("redrive_not_found", f"there is no such redrive; under way are: {_list(running)}")
    if redrive.state != RUNNING:
        raise Objection("redrive_ended", f"it has ended already: {redrive.state}")
    return RedriveEnded(
        redrive_id=command.redrive_id,
        outcome="stopped",
        redriven=redrive.redriven,
        left=redrive.left,
        reason=command.reason,
    )


def _redrive(command: RedriveDeadLetters, state: State, found: Found, operation_id: UUID) -> Event:
    if not (isfinite(command.rate) and 0 < command.rate <= HIGHEST_RATE):
        raise Objection("bad_rate", f"the rate has to be above 0 and at most {HIGHEST_RATE:g} letters a second")
    if command.canary < 0:
        raise Objection("bad_canary", "the canary is a number of letters of each fingerprint, or 0 for none")
    taken = _taken(command, state, found, "redrive", force=command.force)
    ordered, _ = in_order(taken, command.canary)
    return RedriveStarted(
        redrive_id=operation_id,
        letters=_names(ordered),
        selection=command.selection,
        rate=command.rate,
        canary=command.canary,
        reason=command.reason,
    )


def _edit(command: EditDeadLetter, state: State, found: Found, operation_id: UUID) -> tuple[Event, ...]:
    _reasoned(command.reason)
    letter = next((one for one in found.letters if one.letter == command.letter), None)
    if letter is None or letter.document_id != command.document_id:
        raise Objection("dead_letter_not_found", f"the document has no dead letter {command.letter}")
    if found.fault:
        raise Objection("bad_patch", found.fault)
    _free([letter], state, "redrive", force=True)
    edited = DeadLetterEdited(
        document_id=command.document_id, letter=command.letter, patch=command.patch, reason=command.reason
    )
    started = RedriveStarted(
        redrive_id=operation_id, letters=(command.letter,), selection={}, rate=1.0, canary=0, reason=command.reason
    )
    return edited, started


def _taken(
    command: RedriveDeadLetters | DiscardDeadLetters, state: State, found: Found, verb: str, *, force: bool
) -> list[Letter]:
    _reasoned(command.reason)
    if found.fault:
        raise Objection("bad_selection", found.fault)
    missing = sorted(set(command.letters) - {one.letter for one in found.letters})
    if missing:
        raise Objection("dead_letter_not_found", f"no such dead letters: {_list(missing)}")
    taken = _free(found.letters, state, verb, force=force)
    count = len(taken)
    if count > CONFIRM_ABOVE and count > command.confirmed * CLOSE:
        shown = f"{command.confirmed} were confirmed" if command.confirmed else "that was not confirmed"
        raise Objection("not_confirmed", f"{count} letters would be taken, and {shown}; confirm with that number")
    if count > MOST_LETTERS:
        raise Objection("too_many", f"{count} letters; at most {MOST_LETTERS} at once: narrow the selection")
    return taken


def _free(letters: Sequence[Letter], state: State, verb: str, *, force: bool) -> list[Letter]:
    """Those that nobody has done anything with; if there are none, what was done with them.

    A redrive leaves those of resting embedding models where they are: nobody would take them up.
    """
    discarding = verb == "discard"
    known = [one for one in letters if one.step in STEP_NAMES or discarding]
    steady = [one for one in known if one.branch not in state.resting or discarding]
    taken = [one for one in steady if state.standing(one.letter).free(force=force)]
    if not taken:
        why = Counter(state.standing(one.letter).state for one in steady if one not in taken)
        told = [f"{count} {_TOLD[name]}" for name, count in sorted(why.items())]
        if len(known) < len(letters):
            told.append(f"{len(letters) - len(known)} of no step that could take them back")
        left = Counter(one.branch for one in known if one.branch in state.resting and not discarding)
        told += [_resting(model, state.resting[model], count) for model, count in sorted(left.items())]
        raise Objection("nothing_to_do", f"no letter to {verb}: {', '.join(told) or 'none was found'}")
    return taken


def _resting(model: str, name: str, count: int) -> str:
    return f"{count} of {model}, which is {name} ({RESTING[name].format(model=model)})"


_TOLD = {
    "claimed": "being redriven",
    "sending": "being redriven",
    "redriven": "redriven already",
    "discarded": "discarded",
    "quarantined": "quarantined (edit them, or force it)",
}


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise Objection("reason_missing", "say why: the reason goes on the record")


def _known(kind: str, name: str, there: Iterable[str]) -> None:
    if name not in there:
        raise Objection(f"unknown_{kind}", f"there is no {kind} {name[:100]!r}; there are: {_list(there)}")


def _haltable(step: str) -> None:
    if step in NOT_HALTABLE:
        instead = "halt the steps whose work is to rest, or stop the workers"
        raise Objection("not_haltable", f"{step} decides on resuming, too, and could not be resumed; {instead}")


def _names(letters: Sequence[Letter]) -> tuple[str, ...]:
    return tuple(one.letter for one in letters)


def _list(names: Iterable[str], most: int = 10) -> str:
    found = sorted(names)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return (", ".join(found[:most]) or "none") + rest
