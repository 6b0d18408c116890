"""The one wrapper around every step, on every host: no exception leaves it, no record is lost in it.

A record is settled when its results, its retry or its dead letter are confirmed by the broker, or when it is parked
behind another of its document. Only then may the host acknowledge it. A cancellation passes through with nothing
acknowledged; whatever was sent until then is sent again by the repeat, under the same derived ids.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from muniment.producers.clock import utc_now
from muniment.producers.publisher import Publisher
from muniment.schemas import metrics
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.ids import trace_of
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import REDRIVE_ID, RetryState
from muniment.schemas.topics import RETRY_TIERS, branched
from muniment.stream_apps.hosting.aftermath import addressed, dead_lettered, judge
from muniment.stream_apps.hosting.attempt import Attempts, Codec
from muniment.stream_apps.hosting.concerns import passes_by, redelivered
from muniment.stream_apps.hosting.insist import insist
from muniment.stream_apps.hosting.line import Line
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.racing import unless
from muniment.stream_apps.parking.port import Standing
from muniment.stream_apps.retrying.confirmed import FIRST_PAUSE_S, LONGEST_PAUSE_S, Sleep, send_at_last
from muniment.stream_apps.retrying.policy import TOO_LATE, Limits, Move, Retry, Wait
from muniment.stream_apps.retrying.waited import Repeated
from muniment.stream_apps.step import Step

__all__ = ["Codec", "Settler"]
ENDS = frozenset({"done", "refused", "dead", "cancelled"})
"""The outcomes after which a record does not come again by itself."""
BREAKER_LOOK_S = 5.0
"""How often an open breaker is asked that does not say for how long it stays open."""
HALT_LOOK_S = 5.0
"""How often a record that is not to be tried asks whether its step is still halted."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """How a record was settled.

    Attributes:
        outcome: See `Settler.settle`.
        record: The record as it was settled; of a dead one, the letter on the log.
        headed: Whether others of its document may wait for it.

    """

    outcome: str
    record: Record
    headed: bool = False


Settling = Callable[[Step, Record], Coroutine[Any, Any, Settled]]


class Settler:
    """Settles records for steps. One of it serves all steps of a process: it keeps no state of its own."""

    def __init__(
        self,
        codec: Codec,
        publisher: Publisher,
        *,
        limits: Limits | None = None,
        ports: Ports | None = None,
        now: Callable[[], datetime] = utc_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._codec = codec
        self._publisher = publisher
        self._limits = limits or Limits()
        self._ports = ports or Ports()
        self._now = now
        self._sleep = sleep
        self._attempts = Attempts(codec, publisher, now, sleep)
        self._line = Line(self._ports.parking, publisher, sleep)

    async def settle(self, step: Step, record: Record) -> str:
        """Settle one record; says how.

        `ignored` (not the step's), `done`, `refused`, `retry`, `wait` (for somebody else's outage), `parked` (behind
        another record of its document), `dead`, or `cancelled` (its job was, and nothing more came of it).

        Blocks in place, for as long as it takes, while our own database or log is away or the step is halted.
        Raises nothing but a cancellation (or the end of the process), and then nothing may be acknowledged.
        """
        began = time.perf_counter()
        active = metrics.ACTIVE_JOBS.labels(step.name)
        active.inc()
        with structlog.contextvars.bound_contextvars(**_where(step, record)):
            try:
                outcome = "ignored" if passes_by(step, record) else await self._settle(step, record, self._in_line)
            finally:
                active.dec()
            if outcome != "ignored":
                seconds = time.perf_counter() - began
                metrics.PROCESSING_DURATION.labels(step.name).observe(seconds)
                # One line a record: with them one job can be followed through the log of the whole stack.
                log.info("step_settled", outcome=outcome, ms=round(seconds * 1000, 1))
        metrics.JOBS_TOTAL.labels(step.name, outcome).inc()
        return outcome

    async def put_off(self, step: Step, record: Record) -> str:
        """Settle a record that has no turn of its tenant's share for now: it waits in a tier, using up no attempt.

        Says how, and blocks, as `settle` does.
        """
        with structlog.contextvars.bound_contextvars(**_where(step, record)):
            outcome = await self._settle(step, record, self._without_turn)
        metrics.JOBS_TOTAL.labels(step.name, outcome).inc()
        return outcome

    async def _settle(self, step: Step, record: Record, settling: Settling) -> str:
        # Around everything: also before the step runs and after it the log and the database are waited for.
        with self._ports.waits.of(step.name, record.place):
            return await self._to_its_end(step, record, settling)

    async def _to_its_end(self, step: Step, record: Record, settling: Settling) -> str:
        work = partial(settling, step, record)
        job_id = None if step.works_for_cancelled else _job_of(record)
        settled = await (work() if job_id is None else unless(self._ports.cancelled, job_id, work))
        if settled is None:
            settled = Settled("cancelled", record, headed=True)
        if settled.outcome in ENDS:
            if settled.headed:
                await self._line.release(step, record)
            if redelivered(step, record) and record.header(REDRIVE_ID):
                await insist(partial(self._ports.redriven.ended, settled.record, settled.outcome), self._sleep)
        return settled.outcome

    async def _in_line(self, step: Step, record: Record) -> Settled:
        standing = await self._line.stand(step, record)
        if standing is Standing.PARKED:
            return Settled("parked", record)
        with Repeated() as repeated:
            outcome, last = await self._tried(step, record, repeated)
        return Settled(outcome, last, headed=standing is Standing.HEAD)

    async def _without_turn(self, step: Step, record: Record) -> Settled:
        # A halted step takes nothing from the log, this neither. It is no probe, since it is not tried.
        while self._ports.gate.holds(branched(step.name, step.branch)):
            await self._ports.gate.pause(HALT_LOOK_S)
        now_ms = int(self._now().timestamp() * 1000)
        found = StepFailure(ErrorCode.SHARE_USED, f"others of its tenant have its share of the turns of {step.name}")
        outcome, last = await self._leave(step, record, *await self._judged(step, record, found, now_ms, now_ms))
        return Settled(outcome, last)

    async def _tried(self, step: Step, record: Record, repeated: Repeated) -> tuple[str, Record]:
        """Try until the record is settled, or may leave with its failure; what holds the step up is waited for here."""
        gate, name = self._ports.gate, branched(step.name, step.branch)
        pause, patient_until, since_ms = FIRST_PAUSE_S, 0.0, 0
        while True:
            async with gate.passing(name, record) as probe:
                # Only while it is worked on: who waits for a halted step or a breaker is in nobody's way.
                async with self._ports.right_of_way.taken(slow=step.slow):
                    found = await self._attempts.once(step, record)
                if isinstance(found, str):
                    repeated.over()
                    await gate.went_well(name, record, probe=probe)
                    return found, record
            if POLICIES[found.code] is Policy.BLOCK:
                log.warning("step_blocked", code=found.code.value, error=found.detail, pause_s=pause)
                repeated.on(found)
                await self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            repeated.over()
            now = self._now().timestamp()
            patient_until = patient_until or now + self._limits.breaker_patience_s
            since_ms = since_ms or int(now * 1000)
            move, state = await self._judged(step, record, found, int(now * 1000), since_ms)
            apart = _breaker_apart(step, found)
            if found.code is ErrorCode.BREAKER_OPEN and not apart and isinstance(move, Wait) and now < patient_until:
                await self._wait_for_breaker(found, patient_until - now)
                continue
            # An outage is waited for in the tiers, whatever the step is.
            may_leave = isinstance(move, Wait) or await gate.may_leave(
                name, record, state.code, dead=not isinstance(move, Retry), probe=probe, culprit=apart
            )
            if may_leave:
                return await self._leave(step, record, move, state)

    async def _judged(
        self, step: Step, record: Record, found: MunimentError, now_ms: int, since_ms: int
    ) -> tuple[Move, RetryState]:
        move, state = judge(step, record, found, now_ms, self._limits, here_since_ms=since_ms)
        if move not in TOO_LATE:
            return move, state
        # Asked only where it decides: was the step halted, or the stack off, while the deadline went by?
        paused_ms = await self._line.paused_ms(step, state.first_failed_ms)
        return judge(step, record, found, now_ms, self._limits, here_since_ms=since_ms, paused_ms=paused_ms)

    async def _wait_for_breaker(self, failure: MunimentError, left_s: float) -> None:
        asked = failure.retry_after_s if isinstance(failure, StepFailure) else None
        wait_s = min(asked or BREAKER_LOOK_S, left_s)
        log.info("breaker_waited_for", error=failure.detail, wait_s=round(wait_s, 1))
        await self._ports.gate.pause(wait_s)

    async def _leave(self, step: Step, record: Record, move: Move, state: RetryState) -> tuple[str, Record]:
        left = addressed(step, record, move, state)
        # A turn that is waited for is no failure: it may be said of thousands.
        tell = log.info if state.code is ErrorCode.SHARE_USED else log.warning
        tell(
            "step_failed",
            move=type(move).__name__,
            code=state.code.value,
            error=state.error,
            attempt=state.attempt,
            waits=state.waits,
            fingerprint=state.fingerprint,
        )
        if isinstance(move, Retry | Wait):
            if not await self._line.send(step, record, left):
                return "parked", record
            metrics.RETRIES_TOTAL.labels(step.name, RETRY_TIERS[move.tier].name, state.code.value).inc()
            return ("retry" if isinstance(move, Retry) else "wait"), record
        letter = await send_at_last(self._publisher, left, self._sleep)
        metrics.DLQ_ENTRIES.labels(step.name, state.code.value).inc()
        await insist(partial(self._tell, step, record, letter, state), self._sleep)
        return "dead", letter

    async def _tell(self, step: Step, record: Record, letter: Record, state: RetryState) -> None:
        """Tell the public topic of a dead letter that is on the log."""
        try:
            envelope = await self._attempts.decoded(step, record)
        except MunimentError as error:
            if POLICIES[error.code] is Policy.BLOCK:
                raise
            envelope = None
        made = dead_lettered(step, letter, envelope, state, self._now())
        if made is not None:
            await send_at_last(self._publisher, await self._codec.encode(*made), self._sleep)


def _breaker_apart(step: Step, error: MunimentError) -> str:
    """The breaker behind a failure, if other records of the step meet others of its kind; else an empty string."""
    name = error.breaker if isinstance(error, StepFailure) else ""
    return name if name.partition(":")[0] in step.breakers_apart else ""


def _job_of(record: Record) -> UUID | None:
    try:
        return UUID(record.header("correlation_id") or "")
    except ValueError:
        return None


def _where(step: Step, record: Record) -> dict[str, str]:
    job_id = record.header("correlation_id") or ""
    return {
        "step": step.name,
        "event_type": record.header("ce_type") or "",
        "position": f"{record.topic}:{record.partition}:{record.offset}",
        "event_id": record.header("ce_id") or "",
        "job_id": job_id,
        "correlation_id": job_id,
        "document_id": record.header("ce_subject") or "",
        "tenant": record.header("tenant") or "",
        "trace_id": trace_of(record.header("traceparent") or ""),
    }
