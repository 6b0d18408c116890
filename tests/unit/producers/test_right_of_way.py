"""Imports give way to what somebody waits for, and get on all the same."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from muniment.producers.right_of_way import RightOfWay
from muniment.producers.urgency import working_for
from muniment.schemas.metadata import LANES, NORMAL

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


async def test_few_of_an_import_are_begun_while_somebody_is_about() -> None:
    """After interactive work so many go at once; the next one when one of them is done."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0, few=2)
    await (await take(way, INTERACTIVE)).aclose()
    begun = [await take(way, BULK), await take(way, BULK)]
    third = asyncio.create_task(take(way, BULK))
    assert await stands(third)
    await begun[0].aclose()
    await (await third).aclose()
    await begun[1].aclose()


async def test_with_nobody_about_an_import_has_it_all() -> None:
    """Where nobody has waited lately, nothing bounds it."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0, awake_s=0.0, few=1)
    await (await take(way, INTERACTIVE)).aclose()
    begun = [await asyncio.wait_for(take(way, BULK), 5) for _ in range(4)]
    for one in begun:
        await one.aclose()


async def test_slow_work_of_an_import_takes_no_place() -> None:
    """Work of minutes would keep the others of the import from theirs."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0, few=1)
    await (await take(way, INTERACTIVE)).aclose()
    slow = await take(way, BULK, slow=True)
    await (await asyncio.wait_for(take(way, BULK), 5)).aclose()
    await slow.aclose()


async def test_no_record_waits_for_a_place_for_longer_than_it_has_to() -> None:
    """However long those that have begun take, the rest of the import gets on."""
    way = RightOfWay(gives_way_s=0.05, moment_s=0.0, few=1)
    await (await take(way, INTERACTIVE)).aclose()
    hanging = await take(way, BULK)
    began = time.monotonic()
    await (await take(way, BULK)).aclose()
    assert time.monotonic() - began >= 0.05
    await hanging.aclose()


async def test_a_place_that_nobody_took_is_free() -> None:
    """Who is cancelled while it waits for one leaves it to the next."""
    way = RightOfWay(gives_way_s=NEVER_S, moment_s=0.0, few=1)
    await (await take(way, INTERACTIVE)).aclose()
    begun = await take(way, BULK)
    waiting = asyncio.create_task(take(way, BULK))
    assert await stands(waiting)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await begun.aclose()
    await (await asyncio.wait_for(take(way, BULK), 5)).aclose()
