"""`kill -9` of who redrives, at every point between claim and word: each letter lies on its topic once."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.redriving import Yard, redrive

from muniment.schemas.operations import DeadLetterRedriven, RedriveEnded, RedriveStarted

WORKER = Path(__file__).parents[2] / "support" / "redriving_worker.py"
LETTERS = 120


async def worker(yard: Yard, point: str = "never", times: int = 1) -> asyncio.subprocess.Process:
    """A redriver in a process of its own."""
    arguments = (yard.bootstrap, yard.dsn, yard.prefix, point, str(times))
    return await asyncio.create_subprocess_exec(sys.executable, str(WORKER), *arguments)


async def each_once(yard: Yard, letters: list[str]) -> None:
    """Every letter lies on its topic once, is told of once, and the redrive has ended once."""
    assert await yard.out_of() == dict.fromkeys(letters, 1)
    said = [envelope.event for envelope in await yard.said()]
    assert Counter(e.letter for e in said if isinstance(e, DeadLetterRedriven)) == dict.fromkeys(letters, 1)
    (end,) = [e for e in said if isinstance(e, RedriveEnded)]
    assert (end.outcome, end.redriven, end.left) == ("done", len(letters), 0)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("point", "times"), [("claimed", 2), ("sending", 2), ("sent", 2), ("marked", 2), ("announced", 30)]
)
async def test_killed_at_a_point(yard: Yard, point: str, times: int) -> None:
    """Killed there, once in the first process and once in its successor; the third brings it to its end."""
    letters = await yard.bury(LETTERS)
    (started,) = await yard.order(redrive(rate=500.0))
    assert isinstance(started, RedriveStarted)
    for _ in range(2):
        killed = await worker(yard, point, times)
        assert await asyncio.wait_for(killed.wait(), 100) == -9
    last = await worker(yard)
    try:
        assert await yard.ended(started.redrive_id) == "done"
    finally:
        last.kill()
        await last.wait()
    await each_once(yard, letters)


@pytest.mark.timeout(400)
async def test_killed_at_random(yard: Yard) -> None:
    """Again and again, whenever: the same."""
    letters = await yard.bury(400)
    (started,) = await yard.order(redrive(rate=100.0))
    assert isinstance(started, RedriveStarted)
    draw = random.Random(7)
    for _ in range(4):
        killed = await worker(yard)
        await asyncio.sleep(1.5 + draw.random())
        killed.kill()
        await killed.wait()
    last = await worker(yard)
    try:
        assert await yard.ended(started.redrive_id) == "done"
    finally:
        last.kill()
        await last.wait()
    await each_once(yard, letters)
