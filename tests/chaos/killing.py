"""Carries out a plan's kills, and notes when the last of them was over."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
from chaos.plan import TURNS, Kill, Plan
from chaos.standing import ChaosStack

FIRES_WITHIN_S = 12.0
"""A point that nobody comes by within this is given up: the process is killed wherever it is. Of all documents; with
fewer of them it is so much shorter (`plan.pace_of`)."""
DOWN_S = 1.0


@dataclass
class Killer:
    """Kills by plan, and turns flags.

    `done` says what became of each, `over_at` when the last was over (monotonic seconds).
    """

    stack: ChaosStack
    flag: Callable[[str, bool], Awaitable[int]]
    fires_within_s: float = FIRES_WITHIN_S
    done: list[str] = field(default_factory=list)
    over_at: float = field(default_factory=time.monotonic)

    async def carry_out(self, plan: Plan) -> None:
        """All of them, each at its time; two may overlap."""
        async with asyncio.TaskGroup() as group:
            for kill in plan.kills:
                group.create_task(self._kill(kill))

    async def during(self, plan: Plan, what: str) -> None:
        """The kill that belongs to what operators have just asked for, if the plan has one."""
        if what in plan.during:
            await self._kill(plan.during[what], f" during the {what}")

    async def _kill(self, kill: Kill, when: str = "") -> None:
        await asyncio.sleep(kill.at_s)
        how = await self._at_its_point(kill) if kill.point else await self.now(kill.kind)
        self.over_at = time.monotonic()
        self.done.append(f"{kill}{when}: {how}")

    async def _at_its_point(self, kill: Kill) -> str:
        assert kill.point is not None
        armed = {"name": kill.point.name, "topic": kill.point.topic, "nth": kill.nth}
        self.stack.arm(kill.kind, armed)
        began = time.monotonic()
        while time.monotonic() < began + self.fires_within_s:
            if self.stack.fired(kill.kind).exists():
                return f"after {time.monotonic() - began:.1f} s"
            await asyncio.sleep(0.05)
        if not self.stack.disarm(kill.kind):
            return "at the last moment"
        return f"never came there; {await self.now(kill.kind)}"

    async def now(self, kind: str) -> str:
        """Kill a part, or turn a flag, at once; what became of it."""
        if kind in TURNS:
            return f"asked {await self.flag(*TURNS[kind])} times"
        if kind == "endpoint":
            self.stack.endpoint.kill()
            await asyncio.sleep(DOWN_S)
            await asyncio.to_thread(self.stack.endpoint.start)
            return "away for a second"
        if kind == "supervisor":
            self.stack.kill("supervisor")
            await asyncio.sleep(DOWN_S / 2)
            await asyncio.to_thread(self.stack.up)
            return "and with it all parts"
        return await self._part(kind)

    async def _part(self, kind: str) -> str:
        # The supervisor may be gone, or about to start the part, which another kill has ended just now.
        for _ in range(100):
            with suppress(OSError, AssertionError, KeyError, psutil.NoSuchProcess):
                await asyncio.to_thread(self.stack.kill, kind)
                return "killed"
            await asyncio.sleep(0.2)
        return "was not there"


async def until(look: Callable[[], bool], timeout_s: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(look):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.3)
    return True
