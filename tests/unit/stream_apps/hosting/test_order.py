"""Order of a document through retries: what is applied is what an undisturbed run would have applied."""

import asyncio
import random
from typing import Any

import pytest
from support.parked_world import World
from support.toy_step import ToyStep, job

from muniment.schemas.record import Record
from muniment.schemas.topics import RETRY_TIERS
from muniment.stream_apps.hosting.line import LONGEST_NAME, place_of


@pytest.mark.parametrize("seed", range(12))
async def test_failures_leave_the_order_of_each_document(seed: int) -> None:
    """Records that are retried, waited for and buried, by two workers and a former owner: every document in order."""
    world = World(random.Random(seed))
    async with asyncio.timeout(60):
        given = await world.run(documents=12, most=6)
    assert world.applied() == given
    assert any("retry" in r.topic for r in world.log.sent)


@pytest.mark.parametrize("seed", range(24))
async def test_crashes_lose_nothing_and_leave_the_order(seed: int) -> None:
    """Dying before or after any call of the log or the store: nothing is stranded, nothing overtakes."""
    world = World(random.Random(1000 + seed), crash=0.03)
    async with asyncio.timeout(60):
        given = await world.run(documents=8, most=5)
    assert world.applied() == given
    assert world.crashes


async def test_a_former_owner_that_dies_leaves_no_document_behind() -> None:
    """It fails at a record that the new owner has just settled, and dies before the record is in its tier."""
    world = World(random.Random(1))
    record = await world.log.send(job("acme", tokens=1))

    async def dies_sending(call: Any, *args: Any) -> Any:
        if call == world.log.send:
            asyncio.current_task().cancel()
            await asyncio.sleep(0)
        return await call(*args)

    world.dying = dies_sending  # type: ignore[method-assign]
    world.__post_init__()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(world.settle(record))
    assert [r.topic for r in world.log.sent] == [record.topic]
    assert world.parking.heads
    assert await world.sweep() == 1
    assert [r.topic for r in world.log.sent[1:]] == [RETRY_TIERS[0].name]


@pytest.mark.parametrize(
    ("tenant", "key", "has"),
    [
        ("acme", b"k" * LONGEST_NAME, True),
        ("acme", b"k" * (LONGEST_NAME + 1), False),
        ("a" * LONGEST_NAME, b"k", True),
        ("가" * (LONGEST_NAME // 3 + 1), b"k", False),
        ("a\x00", b"k", False),
        ("acme", b"", False),
    ],
)
def test_who_is_no_document_of_ours_has_no_place(tenant: str, key: bytes, has: bool) -> None:
    """A key or a tenant that the store of parked records cannot hold stands in no line, and blocks none."""
    record = Record("muniment.chunks", key, b"", (("tenant", tenant.encode()),), 0, 1)
    assert (place_of(ToyStep("acme"), record) is not None) is has
