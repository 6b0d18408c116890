"""An open breaker is waited for in place: the whole backlog of a step is not written to the log at every look."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from support.key_ring import MemoryKeyRing
from support.parking import MemoryParking
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import BREAKER_LOOK_S, Settler
from muniment.stream_apps.parking.port import Parking
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

    breaker = "embedding"

    def __init__(self, clock: Clock, opens_s: float, asked: float | None) -> None:
        super().__init__("acme")
        self._clock = clock
        self._closes_at = NOW + timedelta(seconds=opens_s)
        self._asked = asked

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        if self._clock.now < self._closes_at:
            raise StepFailure(ErrorCode.BREAKER_OPEN, "away", retry_after_s=self._asked, breaker=self.breaker)
        async for item in super().run(envelope):
            yield item


def settling(clock: Clock, log: MemoryPublisher, parking: Parking | None = None) -> Settler:
    limits, ports = Limits(breaker_patience_s=600), Ports(gate=clock, parking=parking or MemoryParking())
    return Settler(LogCodec(MemoryKeyRing()), log, limits=limits, ports=ports, now=lambda: clock.now)


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


async def test_one_of_many_is_waited_for_on_the_log() -> None:
    """Where each record may meet another breaker none waits in place: it goes to a tier, due when it may be tried."""
    clock, log = Clock(), MemoryPublisher()
    step = Behind(clock, 10_000, asked=40)
    step.breaker, step.breakers_apart = "fetching:one", frozenset({"fetching"})
    record = replace(job("acme"), partition=0, offset=1)
    assert await settling(clock, log).settle(step, record) == "wait"
    assert not clock.pauses
    (left,) = log.sent
    state = retry_state(left)
    assert state is not None
    assert (state.code, state.attempt, state.waits) == ("breaker_open", 0, 1)
    assert state.due_ms == (NOW.timestamp() + 40) * 1000


async def test_on_the_log_it_keeps_the_order_of_its_document() -> None:
    """What follows it in its document is parked behind it; another document goes on."""
    clock, log, parking = Clock(), MemoryPublisher(), MemoryParking()
    step, document = Behind(clock, 100, asked=40), uuid4()
    step.breaker, step.breakers_apart = "fetching:one", frozenset({"fetching"})
    wrapper = settling(clock, log, parking)
    versions = [job("acme", document_id=document, version=n) for n in (1, 2)]
    first, second = (replace(one, partition=0, offset=n) for n, one in enumerate(versions))
    assert await wrapper.settle(step, first) == "wait"
    clock.now += timedelta(seconds=200)
    assert await wrapper.settle(step, second) == "parked"
    assert await wrapper.settle(step, replace(job("acme"), partition=0, offset=2)) == "done"
    back = log.sent[0].to(REDELIVERY["indexing"].name)
    assert await wrapper.settle(step, back) == "done"
    assert [version for found, version in step.runs if found == document] == [1]
    released = log.sent[-1]
    assert (released.topic, released.key) == (REDELIVERY["indexing"].name, second.key)
    assert await wrapper.settle(step, released) == "done"
    assert [version for found, version in step.runs if found == document] == [1, 2]
