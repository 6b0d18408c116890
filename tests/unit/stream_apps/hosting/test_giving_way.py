"""A step that works for somebody who waits holds up what an import has for any step of its process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.producers.right_of_way import RightOfWay
from muniment.producers.urgency import lane as lane_at_hand
from muniment.producers.urgency import working_for
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import LANES
from muniment.schemas.record import Record
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

INTERACTIVE, BULK = LANES[0], LANES[-1]
NEVER_S = 60.0


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
