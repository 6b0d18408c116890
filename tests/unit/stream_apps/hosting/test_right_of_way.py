"""Imports give way to what somebody waits for, and get on all the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.producers.urgency import lane as lane_at_hand
from muniment.producers.urgency import working_for
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import LANES, NORMAL
from muniment.schemas.record import Record
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.right_of_way import RightOfWay
from muniment.stream_apps.hosting.settle import Settler

INTERACTIVE, BULK = LANES[0], LANES[-1]
NEVER_S = 60.0


async def take(way: RightOfWay, lane: str, *, slow: bool = False) -> AsyncExitStack:
    """The way, taken for a record of this lane until what is returned is closed."""
    stack = AsyncExitStack()
    with working_for(lane):
        await stack.enter_async_context(way.taken(slow=slow))
    return stack


async def stands(task: "asyncio.Task[AsyncExitStack]") -> bool:
    """Whether it still waits after everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not task.done()


async def test_an_import_begins_nothing_while_somebody_waits() -> None:
    """A record of the slow lane stands until the last of the urgent ones is done."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0)
    first = await take(way, INTERACTIVE)
    second = await take(way, INTERACTIVE)
    bulk = asyncio.create_task(take(way, BULK))
    await first.aclose()
    await asyncio.sleep(0.01)
    assert await stands(bulk), "one of them is still under way"
    await second.aclose()
    await (await bulk).aclose()


async def test_between_two_steps_an_import_stands_a_moment_longer() -> None:
    """The moment begins anew with every step."""
    moment_s = 0.1
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=moment_s)
    await (await take(way, INTERACTIVE)).aclose()
    await asyncio.sleep(moment_s / 2)
    second = await take(way, INTERACTIVE)
    began = time.monotonic()
    await second.aclose()
    await (await take(way, BULK)).aclose()
    assert time.monotonic() - began >= moment_s


async def test_no_record_gives_way_for_longer_than_it_has_to() -> None:
    """After that time an import goes on, whoever is still under way."""
    way = RightOfWay(gives_way_s=0.05, moment_s=0.0)
    first = await take(way, INTERACTIVE)
    began = time.monotonic()
    await (await take(way, BULK)).aclose()
    assert time.monotonic() - began >= 0.05
    await first.aclose()


@pytest.mark.parametrize("lane", [INTERACTIVE, NORMAL])
async def test_nobody_else_gives_way(lane: str) -> None:
    """Other lanes than that of imports take the way at once."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0)
    first = await take(way, INTERACTIVE)
    await (await take(way, lane)).aclose()
    await first.aclose()


@pytest.mark.parametrize(("lane", "slow"), [(INTERACTIVE, True), (NORMAL, False), (BULK, False)])
async def test_nobody_gives_way_to_these(lane: str, slow: bool) -> None:
    """Slow steps, and lanes in which nobody waits, hold no import up."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0)
    first = await take(way, lane, slow=slow)
    await (await take(way, BULK)).aclose()
    await first.aclose()


async def test_who_is_cancelled_while_it_gives_way_leaves_nothing_behind() -> None:
    """The way is free for the next one."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0)
    first = await take(way, INTERACTIVE)
    bulk = asyncio.create_task(take(way, BULK))
    assert await stands(bulk)
    bulk.cancel()
    await asyncio.gather(bulk, return_exceptions=True)
    await first.aclose()
    await (await take(way, BULK)).aclose()


class Halted(OpenGate):
    """Lets nothing urgent through, ever."""

    @asynccontextmanager
    async def passing(self, step: str, record: Record) -> AsyncIterator[bool]:
        if lane_at_hand() == INTERACTIVE:
            await asyncio.get_running_loop().create_future()
        async with super().passing(step, record) as probe:
            yield probe


class Working(ToyStep):
    """Works on what is urgent until it is told to end."""

    def __init__(self) -> None:
        super().__init__("acme")
        self.begun, self.end = asyncio.Event(), asyncio.Event()

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        if lane_at_hand() == INTERACTIVE:
            self.begun.set()
            await self.end.wait()
        async for item in super().run(envelope):
            yield item


def settling(gate: OpenGate) -> Settler:
    ports = Ports(gate=gate, right_of_way=RightOfWay(gives_way_s=NEVER_S, moment_s=0.0))
    return Settler(LogCodec(MemoryKeyRing()), MemoryPublisher(), ports=ports)


async def settle(settler: Settler, step: ToyStep, lane: str) -> str:
    with working_for(lane):
        return await settler.settle(step, job("acme", lane=lane))


async def test_imports_wait_while_it_is_worked_on() -> None:
    """A step that works on an urgent record holds what an import has for any step of the process."""
    settler, step = settling(OpenGate()), Working()
    urgent = asyncio.create_task(settle(settler, step, INTERACTIVE))
    await step.begun.wait()
    bulk = asyncio.create_task(settle(settler, ToyStep("acme"), BULK))
    await asyncio.sleep(0.01)
    assert not bulk.done()
    step.end.set()
    assert await urgent == await bulk == "done"


async def test_nobody_gives_way_to_what_only_waits() -> None:
    """An urgent record that stands before a halted step is in nobody's way, or every import would crawl meanwhile."""
    settler = settling(Halted())
    urgent = asyncio.create_task(settle(settler, ToyStep("acme"), INTERACTIVE))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(NEVER_S / 2):
        assert await settle(settler, ToyStep("acme"), BULK) == "done"
    urgent.cancel()
    await asyncio.gather(urgent, return_exceptions=True)
