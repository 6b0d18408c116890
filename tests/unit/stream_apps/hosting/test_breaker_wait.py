"""An open breaker is waited for in place: the whole backlog of a step is not written to the log at every look."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import BREAKER_LOOK_S, Settler
from muniment.stream_apps.retrying.policy import Limits

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Clock(OpenGate):
    """A gate whose pauses only move a clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Behind(ToyStep):
    """A step behind a breaker that opens again at a given moment."""

    def __init__(self, clock: Clock, opens_s: float, asked: float | None) -> None:
        super().__init__("acme")
        self._clock = clock
        self._closes_at = NOW + timedelta(seconds=opens_s)
        self._asked = asked

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        if self._clock.now < self._closes_at:
            raise StepFailure(ErrorCode.BREAKER_OPEN, "embedding", retry_after_s=self._asked)
        async for item in super().run(envelope):
            yield item


def settling(clock: Clock, log: MemoryPublisher) -> Settler:
    limits = Limits(breaker_patience_s=600)
    return Settler(LogCodec(MemoryKeyRing()), log, limits=limits, ports=Ports(gate=clock), now=lambda: clock.now)


async def test_it_is_waited_for_as_long_as_it_says() -> None:
    """The step is asked again when the breaker lets calls through, and no sooner; nothing is written meanwhile."""
    clock, log = Clock(), MemoryPublisher()
    record = replace(job("acme"), partition=0, offset=1)
    assert await settling(clock, log).settle(Behind(clock, 100, asked=30), record) == "done"
    assert clock.pauses == [30.0] * 4
    assert not any("retry" in r.topic for r in log.sent)


async def test_one_that_does_not_say_is_asked_now_and_again() -> None:
    """Without a time of its own it is looked at every few seconds."""
    clock, log = Clock(), MemoryPublisher()
    record = replace(job("acme"), partition=0, offset=1)
    assert await settling(clock, log).settle(Behind(clock, 12, asked=None), record) == "done"
    assert clock.pauses == [BREAKER_LOOK_S] * 3


async def test_patience_ends_in_a_tier() -> None:
    """After its patience a record goes to a tier once, without an attempt used: so its deadline is kept on the log."""
    clock, log = Clock(), MemoryPublisher()
    record = replace(job("acme"), partition=0, offset=1)
    assert await settling(clock, log).settle(Behind(clock, 10_000, asked=250), record) == "wait"
    assert clock.pauses == [250.0, 250.0, 100.0]
    (left,) = log.sent
    state = retry_state(left)
    assert state is not None
    assert (state.code, state.attempt, state.waits) == ("breaker_open", 0, 1)
    assert state.due_ms >= (clock.now.timestamp() + 250) * 1000
