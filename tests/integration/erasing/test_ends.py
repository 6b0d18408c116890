"""How far read models have to come before an erasure empties the stores: asked of a real broker and a real Postgres."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.erasing_house import House

from muniment.infra.erasing import late, late_jobs, topic_ends
from muniment.schemas.errors import StepFailure
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DOCUMENTS

FOLDING = ("documents", "jobs", "chunks", "predictions")


async def test_each_partition_ends_where_the_broker_says(kafka_bootstrap: str, unique: str) -> None:
    """An empty one at nought; where the broker shows no such topic, nothing is taken for the end of it."""
    with pytest.raises(StepFailure, match=unique):
        await topic_ends(kafka_bootstrap, unique)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 3, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for partition in (0, 2, 0):
            await producer.send_and_wait(unique, b"x", partition=partition)
    assert await topic_ends(kafka_bootstrap, unique) == {0: 2, 1: 0, 2: 1}


async def test_a_read_model_is_late_until_it_has_folded_every_partition(house: House) -> None:
    """One record short is late; a partition that holds nothing keeps nobody waiting."""
    await reached(house, dict.fromkeys(FOLDING, 5))
    assert await late(house.pool, {0: 5, 1: 0}) == []
    assert sorted(await late(house.pool, {0: 6, 1: 0})) == sorted(FOLDING)
    await reached(house, {"jobs": 6, "chunks": 7})
    assert sorted(await late(house.pool, {0: 6, 1: 0})) == ["documents", "predictions"]
    assert sorted(await late(house.pool, {0: 5, 1: 1})) == sorted(FOLDING)


async def test_the_jobs_are_late_until_they_tell_of_every_command(house: House) -> None:
    """Retention waits for them before it asks once more; how far facts are folded is nothing to it."""
    await reached(house, {"jobs": 9})
    assert await late_jobs(house.pool, {0: 5, 1: 0}) == ["jobs"]
    await reached(house, {"jobs": 5}, COMMANDS_DOCUMENTS.name)
    assert await late_jobs(house.pool, {0: 5, 1: 0}) == []
    assert await late_jobs(house.pool, {0: 6, 1: 0}) == ["jobs"]


async def test_the_jobs_are_late_while_an_older_program_folded_them(house: House) -> None:
    """They stand still until they are built anew, however far they have come."""
    await reached(house, {"jobs": 5}, COMMANDS_DOCUMENTS.name)
    await house.pool.execute("update read.live set version = version - 1 where projection = 'jobs'")
    assert await late_jobs(house.pool, {0: 5, 1: 0}) == ["jobs"]


async def reached(house: House, offsets: dict[str, int], topic: str = DOCUMENTS.name) -> None:
    """Let read models have come so far in the first partition."""
    for name, offset in offsets.items():
        schema = await house.pool.fetchval("select schema from read.live where projection = $1", name)
        await house.pool.execute(
            f"insert into {schema}.checkpoints values ($1, 0, $2)"
            " on conflict (topic, partition) do update set next_offset = $2",
            topic,
            offset,
        )
