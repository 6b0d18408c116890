"""The deadline of what waits or is retried, over halts and stops: only time in which the step ran is counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.key_ring import MemoryKeyRing
from support.parking import MemoryParking
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState, retry_state
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

FRIDAY = datetime(2026, 5, 1, 17, tzinfo=UTC)
MONDAY = FRIDAY + timedelta(hours=63)


def failed_once(do: Do) -> Record:
    """A record that failed on Friday, a second before the end, and comes back to its step."""
    at = round(FRIDAY.timestamp() * 1000)
    state = RetryState(
        step="indexing",
        attempt=0,
        waits=1,
        first_failed_ms=at - 1000,
        due_ms=at,
        origin=Position("muniment.documents", 3, 14),
        code=ErrorCode.PROVIDER_UNAVAILABLE,
        error="503",
    )
    return replace(job("acme", do=do).with_headers(state.to_headers()).to(REDELIVERY["indexing"].name), partition=3)


class Until:
    """The steps' clock: it stands where it is put."""

    def __init__(self) -> None:
        self.at = FRIDAY

    def __call__(self) -> float:
        return self.at.timestamp()


async def settled(do: Do, *, ran_on: timedelta, ended: timedelta = timedelta()) -> tuple[str, RetryState]:
    """On Monday, when the step ran until so long after Friday's evening, and again since so long before."""
    clock, log = Until(), MemoryPublisher()
    parking = MemoryParking(clock=clock)
    while clock.at < FRIDAY + ran_on:
        await parking.running(["indexing", "deciding"])
        clock.at += timedelta(seconds=30)
    clock.at = MONDAY - ended
    if ended:
        await parking.running(["indexing"])
    clock.at = MONDAY
    ports = Ports(parking=parking)
    wrapper = Settler(LogCodec(MemoryKeyRing()), log, ports=ports, now=lambda: MONDAY)
    outcome = await wrapper.settle(ToyStep("acme"), failed_once(do))
    state = retry_state(log.sent[0])
    assert state is not None
    return outcome, state


@pytest.mark.parametrize("ended", [timedelta(), timedelta(seconds=5)])
@pytest.mark.parametrize(("do", "outcome"), [(Do.OUTAGE, "wait"), (Do.RAISE, "retry")])
async def test_nobody_gives_up_what_was_not_tried(do: Do, outcome: str, ended: timedelta) -> None:
    """After a weekend in which nothing ran it waits, or is retried, as on Friday; also before a sweep has said so."""
    found, state = await settled(do, ran_on=timedelta(minutes=1), ended=ended)
    assert (found, state.first_failed_ms) == (outcome, round(FRIDAY.timestamp() * 1000) - 1000)
    assert 0 < state.due_ms - MONDAY.timestamp() * 1000 <= 5000


@pytest.mark.parametrize(
    ("do", "code"), [(Do.OUTAGE, ErrorCode.OUTAGE_TOO_LONG), (Do.RAISE, ErrorCode.RETRIES_TOO_LONG)]
)
async def test_the_deadline_holds_for_the_time_in_which_the_step_ran(do: Do, code: ErrorCode) -> None:
    """A day of it is a day: what went by before the stop counts."""
    found, state = await settled(do, ran_on=timedelta(hours=24, minutes=1))
    assert (found, state.code) == ("dead", code)
    found, state = await settled(do, ran_on=timedelta(hours=23, minutes=59))
    assert found != "dead"


class OverTheWeekend(OpenGate):
    """Halts the step when a record fails on Friday, until Monday."""

    def __init__(self, clock: Until) -> None:
        self._clock = clock

    async def may_leave(
        self, step: str, record: Record, code: ErrorCode, *, dead: bool, probe: bool, culprit: str = ""
    ) -> bool:
        held = self._clock.at < MONDAY
        self._clock.at = MONDAY
        return not held


async def test_what_was_held_in_place_is_not_given_up_for_it() -> None:
    """A record that never left its step failed first on Friday, and is retried on Monday as on Friday."""
    clock, log = Until(), MemoryPublisher()
    parking = MemoryParking(clock=clock)
    await parking.running(["indexing"])
    ports = Ports(parking=parking, gate=OverTheWeekend(clock))
    wrapper = Settler(LogCodec(MemoryKeyRing()), log, ports=ports, now=lambda: clock.at)
    outcome = await wrapper.settle(ToyStep("acme"), replace(job("acme", do=Do.RAISE), partition=3, offset=14))
    state = retry_state(log.sent[0])
    assert state is not None
    assert (outcome, state.first_failed_ms) == ("retry", round(FRIDAY.timestamp() * 1000))
