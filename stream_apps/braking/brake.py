"""The gate in front of each step, and the brake that closes it.

What every process knows of halted steps comes from `muniment.operations`; each counts its own records' endings, and
says `StepHalted` when they are too bad. Of a step that runs in branches each is counted, halted and tried by itself,
under its own name (`schemas.topics.branched`); a halt of the whole step holds them all. A person resumes a step, or one
record that goes through as a probe does. Steps that a person halted are resumed by a person only.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from muniment.producers.operations.operations import Operations
from muniment.producers.operations.state import OperationsState
from muniment.producers.publisher import Publisher
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.metrics import STEP_HALTED
from muniment.schemas.operations import StepHalted, StepResumed
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import origin_of
from muniment.schemas.topics import BESIDE, STEP_NAMES, whole_step
from muniment.stream_apps.braking.policy import BrakeLimits, Ending, Endings, Trip, counts
from muniment.stream_apps.braking.probes import Candidate, Probes
from muniment.stream_apps.retrying.confirmed import send_at_last

KNOWN_S = 30.0
"""The longest that a process which has just started waits to know which steps are halted."""
HOUSE = "muniment"
"""The tenant of what is said of the house itself."""
log = structlog.get_logger(__name__)


class Encodes(Protocol):
    """What the brake needs of the codec."""

    async def encode(self, event: Event, meta: Metadata) -> Record:
        """The record of an event."""
        ...


class Brake:
    """See `Gate`. One for each process, over all of its steps."""

    def __init__(
        self,
        operations: Operations,
        publisher: Publisher,
        codec: Encodes,
        *,
        now: Callable[[], datetime],
        limits: BrakeLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._operations = operations
        self._publisher = publisher
        self._codec = codec
        self._now = now
        self._limits = limits or BrakeLimits()
        self._monotonic = monotonic
        self._new_id = new_id
        self._endings: dict[str, Endings] = {}
        self._tripped: set[str] = set()
        """Steps that this process has halted and not yet read of."""
        self._probes: dict[str, Probes] = {}
        self._waiting: dict[str, list[Candidate]] = {}
        """The records that wait for each halted step, in the order in which they came."""
        self._saying: set[asyncio.Task[None]] = set()
        """What it still has to say, whatever becomes of the record that was one too many."""
        self._halted: frozenset[str] = frozenset()
        self._moved = asyncio.Event()
        self.close = operations.listen(self._heard)
        """Stop listening; the end of this brake."""
        self._heard(operations.state)

    async def run(self) -> None:
        """Nothing to do but to listen, until cancelled: then it stops listening, and says no more, too."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.close()
            for saying in self._saying:
                saying.cancel()
            await asyncio.gather(*self._saying, return_exceptions=True)

    def holds(self, step: str) -> bool:
        """See `Gate.holds`."""
        return bool(self._holding(step))

    @asynccontextmanager
    async def passing(self, step: str, record: Record) -> AsyncIterator[bool]:
        """See `Gate.passing`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await self._operations.caught_up.wait()
        candidate = Candidate(_tenant(record), str(origin_of(record)))
        probes = await self._turn(step, candidate) if self.holds(step) else None
        if probes is None:
            yield False
            return
        async with self._probing(step, probes, candidate):
            yield True

    async def went_well(self, step: str, record: Record, *, probe: bool) -> None:
        """See `Gate.went_well`."""
        held = self._holding(step)
        if not held:
            self._endings_of(step).add(_document(record), None, _tenant(record))
        for name in held if probe else ():
            halt = self._operations.halted(name)
            # A person may have halted it while it was tried, and then this is no reason to resume it.
            if halt is None or halt.dead == 0:
                continue
            if (probes := self._probes.get(name)) is not None:
                probes.well = Ending(_document(record), None, _tenant(record))
            await self._say(name, StepResumed(step=name, by="probe", reason="a record that was tried went through"))

    async def may_leave(
        self, step: str, record: Record, code: ErrorCode, *, dead: bool, probe: bool, culprit: str = ""
    ) -> bool:
        """See `Gate.may_leave`.

        A probe that fails is held once, and goes its way when it fails as a probe again: a handful of broken documents
        in a row must not be all that is ever tried.
        """
        if not counts(code):
            return True
        if probe:
            return self._failed_before(step, record)
        if self.holds(step):
            return False
        by = culprit.encode() or _document(record)
        trip = self._endings_of(step).add(by, code, _tenant(record)) if dead else None
        if trip is None:
            return True
        self._tripped.add(step)  # at once: the records beside this one must not be buried while it is published
        await self._halt(step, trip)
        return False

    async def pause(self, seconds: float) -> None:
        """See `Gate.pause`."""
        await self._change(seconds)

    def state(self) -> dict[str, object]:
        """What `/health` shows: the halted steps and why."""
        halted = {step: halt.reason for step, halt in self._operations.state.halted.items()}
        return {"running": True, "halted": halted, "probing": sorted(s for s, p in self._probes.items() if p.under_way)}

    async def _halt(self, step: str, trip: Trip) -> None:
        log.error("step_halted", step=step, code=trip.code.value, dead=trip.dead, settled=trip.settled)
        halted = StepHalted(step=step, reason=trip.reason, code=trip.code.value, dead=trip.dead, settled=trip.settled)
        # A task of the brake's: the record may be taken away (its partition, its job) before the log has the word, and
        # then the step would stand still in this process alone, where nobody sees it.
        saying = asyncio.create_task(self._say_halted(halted))
        self._saying.add(saying)
        saying.add_done_callback(self._saying.discard)
        await asyncio.shield(saying)
        while step in self._tripped:
            await self._change(None)  # a log that can be written and not read is waited for

    async def _say_halted(self, halted: StepHalted) -> None:
        try:
            await self._say(halted.step, halted)
        except BaseException:
            self._tripped.discard(halted.step)  # nobody else will hear of it
            self._wake()
            raise

    async def _say(self, step: str, event: Event) -> None:
        event_id = self._new_id()
        meta = Metadata(event_id, HOUSE, event_id, event_id, whole_millis(self._now()), f"muniment.{step}")
        await send_at_last(self._publisher, await self._codec.encode(event, meta))

    async def _turn(self, step: str, candidate: Candidate) -> list[Probes] | None:
        """Hold while the step is halted, until the record is to be tried as a probe; `None` when the step goes on.

        It stands in the line of the branch where that is halted by itself, else in that of the whole step: it would
        keep others from a probe of the whole for which its branch has no time yet.
        """
        line: list[Candidate] = []
        try:
            while held := self._holding(step):
                line = self._standing(candidate, line, self._waiting.setdefault(held[-1], []))
                probes = [one for name in held if (one := self._probes.get(name)) and not one.under_way]
                if len(probes) < len(held) or probes[-1].next_of(line) is not candidate:
                    await self._change(None)
                elif (left_s := max(one.left_s(candidate, self._monotonic()) for one in probes)) > 0:
                    await self._change(left_s)
                else:
                    for one in probes:
                        one.under_way = True
                    return probes
            return None
        finally:
            self._standing(candidate, line, [])

    def _standing(self, candidate: Candidate, before: list[Candidate], now: list[Candidate]) -> list[Candidate]:
        """Go from one line to another; who stands behind it in the first may be next."""
        if before is not now:
            now.append(candidate)
            if candidate in before:
                before.remove(candidate)
            if before:
                self._wake()
        return now

    @asynccontextmanager
    async def _probing(self, step: str, probes: Sequence[Probes], candidate: Candidate) -> AsyncIterator[None]:
        rest_s = max(one.rest_s for one in probes)
        log.info("halted_step_probed", step=step, tenant=candidate.tenant, rest_s=rest_s)
        try:
            yield
            for one in probes:
                one.tried(candidate)
        finally:
            for one in probes:
                one.ended(self._monotonic())
            self._wake()

    def _failed_before(self, step: str, record: Record) -> bool:
        origin = str(origin_of(record))
        # Each of them takes note; with none of them it was resumed meanwhile, and the record is tried as any other.
        before = [one.failed_before(origin) for name in _names(step) if (one := self._probes.get(name))]
        self._wake()  # whose turn it is may have changed
        return any(before)

    def _holding(self, step: str) -> list[str]:
        """By which names it is halted: as a whole, and the branch by itself."""
        return [name for name in _names(step) if name in self._tripped or self._operations.halted(name) is not None]

    def _endings_of(self, step: str) -> Endings:
        return self._endings.setdefault(step, Endings(self._limits))

    def _heard(self, state: OperationsState) -> None:
        """Take over what the log says of halted steps; called at each change, in order."""
        branches = [name for name in (*state.halted, *self._halted) if whole_step(name) in BESIDE]
        for step in dict.fromkeys((*STEP_NAMES, *branches)):
            halt = state.halted.get(step)
            STEP_HALTED.labels(step).set(halt is not None)
            if halt is None:
                if step in self._halted:
                    self._begin_anew(step)
                continue
            self._tripped.discard(step)
            if halt.dead > 0 and step not in self._probes:
                self._probes[step] = Probes(self._limits, self._monotonic(), self._endings_of(step).dead_of())
            elif halt.dead == 0:
                self._probes.pop(step, None)
        self._halted = frozenset(state.halted)
        self._wake()

    def _begin_anew(self, step: str) -> None:
        """The step goes on with a clean sheet, on which stands the probe that ended well."""
        self._endings.pop(step, None)
        probes = self._probes.pop(step, None)
        if probes is not None and probes.well is not None:
            self._endings_of(step).add(*probes.well)

    def _wake(self) -> None:
        woken, self._moved = self._moved, asyncio.Event()
        woken.set()

    async def _change(self, within_s: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._moved.wait()


def _names(step: str) -> tuple[str, ...]:
    """The step as a whole, and the branch of it that this is, if it is one."""
    whole = whole_step(step)
    return (whole,) if whole == step else (whole, step)


def _document(record: Record) -> bytes:
    return record.key or str(origin_of(record)).encode()


def _tenant(record: Record) -> str:
    return record.header("tenant") or ""
