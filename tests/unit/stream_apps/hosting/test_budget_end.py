"""A tenant whose budget is spent day after day, at a step as it is run: what waits for it waits, and halts nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.key_ring import MemoryKeyRing
from support.operations import MemoryOperations
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.budget import exhausted
from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import RetryState, retry_state
from muniment.schemas.topics import REDELIVERY, RETRY_TIERS
from muniment.stream_apps.braking.brake import Brake
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.retrying.policy import Limits

AFTERNOON = datetime(2026, 5, 1, 15, tzinfo=UTC)
TIERS = {tier.name for tier in RETRY_TIERS}


class Spending(ToyStep):
    """Meets the end of a budget until it is told to fail otherwise."""

    orders = False
    failure: StepFailure | None = None

    def __init__(self, house: "House") -> None:
        super().__init__("acme")
        self._house = house

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        raise self.failure or exhausted(self._house.now)
        yield


class House:
    """The step behind its brake, on a log in memory and by a clock that a test turns."""

    def __init__(self) -> None:
        self.now = AFTERNOON
        self.log, operations, codec = MemoryPublisher(), MemoryOperations(), LogCodec(MemoryKeyRing())
        self.brake = Brake(operations, self.log, codec, now=lambda: self.now)
        self.step = Spending(self)
        self.settler = Settler(codec, self.log, limits=Limits(), ports=Ports(gate=self.brake), now=lambda: self.now)

    async def tried(self, records: list[Record]) -> list[Record]:
        """What comes of them, as it comes back from the tiers when the last is due; the clock is at that moment."""
        seen = len(self.log.sent)
        assert {await self.settler.settle(self.step, record) for record in records} <= {"wait", "retry"}
        sent = [record for record in self.log.sent[seen:] if record.topic in TIERS]
        due_ms = max(state_of(record).due_ms for record in sent)
        self.now = datetime.fromtimestamp(due_ms / 1000, UTC) + timedelta(seconds=1)
        return [record.to(REDELIVERY["indexing"].name) for record in sent]


def state_of(record: Record) -> RetryState:
    """What it carries."""
    state = retry_state(record)
    assert state is not None
    return state


def backlog(size: int) -> list[Record]:
    """Records of different documents."""
    return [replace(job("acme"), partition=0, offset=n) for n in range(size)]


async def test_a_spent_budget_is_waited_for_day_after_day() -> None:
    """With more documents than any budget is left for they wait for each next midnight, and their step goes on."""
    house, waiting = House(), backlog(30)
    for day in range(1, 5):
        waiting = await house.tried(waiting)
        assert len(waiting) == 30
        assert house.now.date() == (AFTERNOON + timedelta(days=day)).date()
        assert {(s.code, s.attempt, s.waits) for s in map(state_of, waiting)} == {("budget_spent", 0, day)}
    assert not house.brake.holds("indexing")


@pytest.mark.parametrize("code", [ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.UNEXPECTED])
async def test_what_fails_after_a_wait_for_a_budget_has_its_whole_time(code: ErrorCode) -> None:
    """Days of waiting for a budget are none in which anything was tried: the deadline is as much later."""
    house, waiting = House(), backlog(1)
    for _ in range(3):
        waiting = await house.tried(waiting)
    first_ms, began_ms = state_of(waiting[0]).first_failed_ms, state_of(waiting[0]).due_ms
    house.step.failure = StepFailure(code, "503")
    waiting = await house.tried(waiting)
    assert state_of(waiting[0]).first_failed_ms == first_ms
    assert began_ms - 5000 <= first_ms + state_of(waiting[0]).untried_ms <= began_ms
    house.now = datetime.fromtimestamp(began_ms / 1000, UTC) + timedelta(hours=25)
    assert await house.settler.settle(house.step, waiting[0]) == "dead"
