"""The fold of `muniment.operations`. Pure; every process folds the same records and so sees the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from muniment.producers.operations.models import EmbeddingModels, fold_models
from muniment.schemas.breakers import is_part
from muniment.schemas.embedding_models import EmbeddingsDropped
from muniment.schemas.event import Event
from muniment.schemas.flags import FLAGS
from muniment.schemas.metadata import Metadata
from muniment.schemas.operations import (
    BreakerClosed,
    BreakerOpened,
    FlagChanged,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)
from muniment.schemas.record import Position
from muniment.schemas.replays import EventSkipped, EventUnskipped
from muniment.schemas.topics import BESIDE, branched, halt_holds

PART_KEPT = timedelta(hours=1)
"""How long after its pause the open breaker of a part (one host of many) is remembered."""


@dataclass(frozen=True, slots=True)
class SetFlag:
    """A flag that somebody has set: to what, who, when and why."""

    value: bool
    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Halt:
    """A step that takes no more records: since when and why; `dead` of `settled` when the brake did it, else 0 of 0."""

    reason: str
    code: str
    dead: int
    settled: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """A service that nobody calls before `until`; after that, whoever needs it may try it once."""

    failures: int
    code: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class RunningRedrive:
    """A redrive that has not ended, of so many letters."""

    letters: int
    actor: str
    tenant: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OperationsState:
    """How things are after all records read so far."""

    flags: Mapping[str, SetFlag] = field(default_factory=dict)
    halted: Mapping[str, Halt] = field(default_factory=dict)
    breakers: Mapping[str, OpenBreaker] = field(default_factory=dict)
    redrives: Mapping[UUID, RunningRedrive] = field(default_factory=dict)
    models: EmbeddingModels = field(default_factory=EmbeddingModels)
    skipped: frozenset[tuple[str, str]] = frozenset()

    def passed_by(self, projection: str) -> frozenset[tuple[str, int, int]]:
        """The places (topic, partition, offset) that a projection passes by."""
        places = [_place(place) for name, place in self.skipped if name == projection]
        return frozenset((p.topic, p.partition, p.offset) for p in places if p)

    def flag(self, name: str) -> bool:
        """A flag's value, or its default while nobody has set it; `KeyError` for a flag that is not declared."""
        found = self.flags.get(name)
        default = FLAGS[name].default
        return found.value if found else default


def fold(state: OperationsState, event: Event, meta: Metadata) -> OperationsState:
    """The state after an event; an equal state when there is nothing to remember of it."""
    flags, breakers, redrives = state.flags, state.breakers, state.redrives
    match event:
        case FlagChanged():
            flags = _with(flags, event.flag, SetFlag(event.value, meta.actor, meta.time, event.reason))
        case BreakerOpened():
            opened = OpenBreaker(event.failures, event.code, meta.time, _after(meta.time, event.retry_after_s))
            breakers = _with(_still_of_use(breakers, meta.time), event.breaker, opened)
        case BreakerClosed():
            breakers = _without(breakers, event.breaker)
        case RedriveStarted():
            running = RunningRedrive(len(event.letters), meta.actor, meta.tenant, meta.time, event.reason)
            redrives = _with(redrives, event.redrive_id, running)
        case RedriveEnded():
            redrives = _without(redrives, event.redrive_id)
    halted = _halted(state, event, meta)
    models, skipped = fold_models(state.models, event), _skipped(state.skipped, event)
    return OperationsState(flags, halted, breakers, redrives, models, skipped)


def _halted(state: OperationsState, event: Event, meta: Metadata) -> Mapping[str, Halt]:
    halted = state.halted
    match event:
        case StepHalted() | StepResumed() if _left_to_a_person(halted.get(event.step), event):
            return halted
        case StepHalted() if event.step in _branches(state.models.dropped):
            return halted  # said of a model that was dropped meanwhile: nobody works for it, or would end the halt
        case StepHalted() if halt_holds(event.step, by_brake=event.dead > 0):
            halt = Halt(event.reason, event.code, event.dead, event.settled, meta.actor, meta.time)
            return _with(halted, event.step, halt)
        case StepResumed():
            return _without(halted, event.step)
        case EmbeddingsDropped():
            ended = _branches({event.model})
            return {name: halt for name, halt in halted.items() if name not in ended}
        case _:
            return halted


def _branches(models: Iterable[str]) -> frozenset[str]:
    """The names under which the work for embedding models is halted."""
    return frozenset(branched(step, model) for step in BESIDE for model in models)


def _left_to_a_person(halt: Halt | None, event: StepHalted | StepResumed) -> bool:
    """Whether the step was halted by a person, and this is said by a brake or a probe: it changes nothing."""
    by_person = event.by != "probe" if isinstance(event, StepResumed) else event.dead <= 0
    return halt is not None and halt.dead <= 0 and not by_person


def _still_of_use(breakers: Mapping[str, OpenBreaker], now: datetime) -> Mapping[str, OpenBreaker]:
    """Without those of single parts, such as a host that no longer exists: nobody calls it, so nothing closes them."""
    return {name: one for name, one in breakers.items() if not is_part(name) or now - one.until <= PART_KEPT}


def _place(text: str) -> Position | None:
    try:
        return Position.parse(text)
    except ValueError:
        # No decision of ours says so. Nothing lies there, so nothing is passed by.
        return None


def _skipped(skipped: frozenset[tuple[str, str]], event: Event) -> frozenset[tuple[str, str]]:
    match event:
        case EventSkipped():
            return skipped | {(event.projection, event.place)}
        case EventUnskipped():
            return skipped - {(event.projection, event.place)}
        case _:
            return skipped


K = TypeVar("K")
V = TypeVar("V")
LONGEST_S = 24 * 3600.0


def _with(there: Mapping[K, V], name: K, value: V) -> Mapping[K, V]:
    return {**there, name: value}


def _without(there: Mapping[K, V], name: K) -> Mapping[K, V]:
    return {n: v for n, v in there.items() if n != name}


def _after(moment: datetime, seconds: float) -> datetime:
    # Whatever a record claims (infinity is a float, too), the fold of it must not fail.
    sane = seconds if 0 <= seconds <= LONGEST_S else (0.0 if seconds < 0 else LONGEST_S)
    return moment + timedelta(seconds=sane)
