"""Shares of tenants in a host: one that keeps its turns holds up no other, and what is beyond waits elsewhere."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.key_ring import MemoryKeyRing
from support.parking import Cancellations
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import REDELIVERY, RETRY_TIERS
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.lanes import SHARES, Lanes
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import HALT_LOOK_S, Settler
from muniment.stream_apps.hosting.shares import Shares, shares_of
from muniment.stream_apps.retrying.policy import Limits

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def record(tenant: str, offset: int, partition: int = 0) -> Record:
    return Record("t", b"", b"x", (("tenant", tenant.encode()),), partition, offset)


def own(found: Record) -> bytes:
    """Each record its own lane."""
    return b"%d/%d" % (found.partition, found.offset)


def tenant_of(found: Record) -> str:
    return found.header("tenant") or ""


@dataclass
class Host:
    """Lanes with shares; what belongs to a tenant called `slow…` keeps its turn until `gate` is set."""

    concurrency: int = 4
    window: int = 16 * SHARES
    patience_s: float = 60.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: Counter[str] = field(default_factory=Counter)
    worked: list[tuple[str, int]] = field(default_factory=list)
    later: list[tuple[str, int]] = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lanes = Lanes(
            self._work,
            own,
            concurrency=self.concurrency,
            window=self.window,
            hold=lambda place: self.held.append(place[1] or 0),
            shares=Shares(tenant_of, self._put_off, self.patience_s),
        )

    async def give(self, tenant: str, offset: int, partition: int = 0) -> None:
        """One record of the log."""
        await self.lanes.enter(record(tenant, offset, partition), lambda: self.acknowledged.append((partition, offset)))

    async def _work(self, found: Record) -> None:
        tenant = tenant_of(found)
        self.at_work[tenant] += 1
        assert self.at_work.total() <= 2 * self.concurrency
        try:
            if tenant.startswith("slow"):
                await self.gate.wait()
            self.worked.append((tenant, found.offset or 0))
        finally:
            self.at_work[tenant] -= 1

    async def _put_off(self, found: Record) -> None:
        await asyncio.sleep(0)
        self.later.append((tenant_of(found), found.offset or 0))


async def until_idle(lanes: Lanes) -> None:
    async with asyncio.timeout(60):
        while lanes.in_flight:  # noqa: ASYNC110 - turns of the loop are what is waited for
            await asyncio.sleep(0)


async def test_one_tenant_holds_up_no_other() -> None:
    """Behind a thousand slow records in its own partition another tenant's is worked on; the rest is put off."""
    host = Host()
    async with asyncio.timeout(60):
        for offset in range(1000):
            await host.give("slow", offset)
            await asyncio.sleep(0)
        await host.give("quick", 1000)
        while ("quick", 1000) not in host.worked:  # noqa: ASYNC110 - turns of the loop are what is waited for
            await asyncio.sleep(0)
    assert host.at_work["slow"] == host.concurrency, "alone it has as many turns as a step that is not shared"
    assert len(host.later) > 900
    assert not host.held
    assert not host.acknowledged, "the first of them is not settled"
    host.gate.set()
    await until_idle(host.lanes)
    assert host.acknowledged == [(0, offset) for offset in range(1001)]
    assert sorted(host.worked + host.later) == sorted([("slow", n) for n in range(1000)] + [("quick", 1000)])


async def test_several_that_keep_their_turns_leave_one() -> None:
    """Three tenants take what they can get: a fourth is worked on at once."""
    host = Host()
    async with asyncio.timeout(60):
        for offset in range(90):
            await host.give(f"slow {offset % 3}", offset, offset % 5)
        await host.give("quick", 90)
        while not host.worked:  # noqa: ASYNC110 - turns of the loop are what is waited for
            await asyncio.sleep(0)
    assert host.worked == [("quick", 90)]
    assert host.at_work == {"slow 0": 2, "slow 1": 2, "slow 2": 2, "quick": 0}
    host.gate.set()
    await until_idle(host.lanes)


async def test_who_has_no_turn_for_long_is_put_off() -> None:
    """A record that waits here keeps its partition from being acknowledged: after a while it waits elsewhere."""
    host = Host(patience_s=0.02)
    for offset in range(6):
        await host.give("slow", offset)
    async with asyncio.timeout(60):
        while len(host.later) < 2:  # noqa: ASYNC110 - a clock is what is waited for
            await asyncio.sleep(0.01)
    assert host.later == [("slow", 4), ("slow", 5)]
    host.gate.set()
    await until_idle(host.lanes)
    assert host.acknowledged == [(0, offset) for offset in range(6)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["slow 1", "slow 2", "b", "c"]), st.integers(0, 2)), max_size=60),
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(0, 60),
)
async def test_everything_is_settled_once(
    inputs: list[tuple[str, int]], concurrency: int, window: int, abandoned_at: int
) -> None:
    """Worked on or put off, acknowledged in order; abandoned in the middle, the same records find all turns again."""
    host = Host(concurrency=concurrency, window=window, patience_s=0.001)

    async def give_all() -> None:
        for offset, (tenant, partition) in enumerate(inputs):
            await host.give(tenant, offset, partition)

    giving = asyncio.create_task(give_all())
    for _ in range(abandoned_at):
        await asyncio.sleep(0)
    giving.cancel()
    await asyncio.gather(giving, return_exceptions=True)
    await host.lanes.abandon(0)
    assert not host.at_work.total()
    assert host.lanes.in_flight == 0
    for settled in (host.worked, host.later, host.acknowledged):
        settled.clear()
    host.gate.set()
    async with asyncio.timeout(60):
        await give_all()
    await until_idle(host.lanes)
    assert sorted(host.worked + host.later) == sorted((tenant, offset) for offset, (tenant, _) in enumerate(inputs))
    for partition in range(3):
        expected = [(partition, offset) for offset, (_, of) in enumerate(inputs) if of == partition]
        assert [place for place in host.acknowledged if place[0] == partition] == expected


class Halted(OpenGate):
    """A gate before a step that is halted for some looks."""

    def __init__(self) -> None:
        self.left = 3
        self.pauses: list[float] = []

    def holds(self, step: str) -> bool:
        """For a while."""
        return self.left > 0

    async def pause(self, seconds: float) -> None:
        """One look less."""
        self.pauses.append(seconds)
        self.left -= 1


def given_record() -> Record:
    return replace(job("acme"), partition=0, offset=1)


@pytest.fixture
def step() -> ToyStep:
    made = ToyStep("acme")
    made.orders, made.shared = False, True
    return made


@pytest.mark.parametrize("slow", [1, 2, 3])
async def test_a_partition_flows_on_however_many_keep_their_turns(slow: int) -> None:
    """Whoever reads it stops when it has taken its part of the room, and is told to go on before the slow ones end."""
    host, reading = Host(), asyncio.Event()
    reading.set()
    host.lanes._hold, host.lanes._go_on = (lambda _: reading.clear()), (lambda _: reading.set())
    names = [f"slow {number % slow}" for number in range(400)] + ["quick"]
    async with asyncio.timeout(20):
        for offset, name in enumerate(names):
            if offset % 50 == 0:  # as a reader takes them: several at once
                await reading.wait()
            await host.give(name, offset)
        while not host.worked:  # noqa: ASYNC110 - turns of the loop are what is waited for
            await asyncio.sleep(0)
    assert host.worked == [("quick", 400)]
    host.gate.set()
    await until_idle(host.lanes)


async def test_what_is_put_off_waits_on_the_log(step: ToyStep) -> None:
    """In a tier, with no attempt used, longer each time; the step is not run, and no deadline ends it."""
    log, now = MemoryPublisher(), NOW
    settler = Settler(LogCodec(MemoryKeyRing()), log, limits=Limits(outage_deadline_s=60), now=lambda: now)
    found, seen = given_record(), []
    for _ in range(9):
        outcome = await settler.put_off(step, found)
        state = retry_state(log.sent[-1])
        assert state is not None
        seen.append((outcome, state.code.value, state.attempt))
        assert log.sent[-1].topic in {tier.name for tier in RETRY_TIERS}
        now = datetime.fromtimestamp(state.due_ms / 1000, UTC) + timedelta(milliseconds=1)
        found = replace(log.sent[-1].to(REDELIVERY[step.name].name), partition=0, offset=len(seen))
    assert seen == [("wait", "share_used", 0)] * 9
    assert not step.runs


async def test_a_halted_step_puts_nothing_off(step: ToyStep) -> None:
    """Until it goes on: what is on the log would only be written once more."""
    log, gate = MemoryPublisher(), Halted()
    settler = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(gate=gate), now=lambda: NOW)
    assert await settler.put_off(step, given_record()) == "wait"
    assert gate.pauses == [HALT_LOOK_S] * 3
    assert len(log.sent) == 1


async def test_a_cancelled_job_is_not_put_off(step: ToyStep) -> None:
    """It has ended, and comes no more."""
    log, cancelled = MemoryPublisher(), Cancellations()
    settler = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(cancelled=cancelled), now=lambda: NOW)
    found = given_record()
    cancelled.cancel(UUID(found.header("correlation_id")))
    assert await settler.put_off(step, found) == "cancelled"
    assert not log.sent


async def test_only_a_shared_step_has_shares(step: ToyStep) -> None:
    """Any other takes records as they come."""
    assert shares_of(step, tenant_of) is not None  # type: ignore[arg-type]
    step.shared = False
    assert shares_of(step, tenant_of) is None  # type: ignore[arg-type]
