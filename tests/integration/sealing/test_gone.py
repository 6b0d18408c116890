"""Partitions that the broker has no more."""

import asyncio

from support.sealing import TOPIC, World

from muniment.producers.sealing.log_reader import LogReader
from muniment.producers.sealing.rechecking import Rechecking

_GONE = """
insert into muniment_sealing.logs (topic, partition, size, next_offset, checked_at)
values ('muniment.gone', 0, 1, 1, now() - interval '1 day') returning log_id"""


async def test_a_partition_that_is_gone_keeps_no_other_from_being_compared(world: World) -> None:
    """It has its turn, and then it is the turn of the next one."""
    await world.write(b"one")
    await world.seal()
    there = await world.pool.fetchval("select log_id from muniment_sealing.logs")
    gone = await world.pool.fetchval(_GONE)
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader:
        rechecking, extents = Rechecking(world.pool, reader, rest_s=0), await reader.extents([TOPIC])
        assert [(await rechecking.turn([there, gone], extents))[0] for _ in range(2)] == [gone, there]


async def test_a_topic_that_is_gone_is_told_by_a_sealer_that_never_saw_it(world: World) -> None:
    """Also where only its checkpoints are left to tell of it; one round without it is none."""
    await world.write(b"one", b"two")
    await world.seal()
    await world.remove()
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader, asyncio.timeout(60):
        while await reader.extents([TOPIC]):  # noqa: ASYNC110 - the broker takes a moment
            await asyncio.sleep(0.05)
    await world.seal()
    assert await world.findings() == []
    await world.seal(rounds=2)
    assert await world.findings() == [("gone", 0, 2)]
    await world.forget()
    await world.seal(rounds=2)
    assert await world.findings() == [("gone", 0, 1)]
