"""A consumer that is stopped stops, on a real broker."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.producers.consumer_stop import stop_consumer

LIMIT_S = 60.0
FETCHED_MS = 30_000
RESTS_MS = 60_000
"""How long a consumer rests after a request that failed: a test meets it there."""


@pytest.fixture
async def place(kafka_bootstrap: str, unique: str) -> TopicPartition:
    """A partition with one record."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        await producer.send_and_wait(unique, b"x", partition=0)
    return TopicPartition(unique, 0)


async def reading(bootstrap: str, place: TopicPartition) -> Any:
    """A consumer that has read the partition, and asks the broker for more."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCHED_MS,
        retry_backoff_ms=RESTS_MS,
    )
    await consumer.start()
    consumer.assign([place])
    consumer.seek(place, 0)
    assert (await consumer.getmany(place, timeout_ms=FETCHED_MS))[place]
    # A turn of its fetching, which asks anew at once: the request is under way for half a minute.
    await asyncio.sleep(0.1)
    return consumer


async def test_a_consumer_that_has_just_lost_its_partitions_stops(kafka_bootstrap: str, place: TopicPartition) -> None:
    """Its fetching awaits its own cancelled requests then, and took the stop for theirs."""
    consumer = await reading(kafka_bootstrap, place)
    consumer.unsubscribe()
    async with asyncio.timeout(LIMIT_S):
        await stop_consumer(consumer)
    assert consumer._fetcher._fetch_task.done()


async def test_whoever_waits_for_a_stop_can_give_it_up(kafka_bootstrap: str, place: TopicPartition) -> None:
    """The limit of a caller holds, and the fetching ends all the same."""
    consumer = await reading(kafka_bootstrap, place)
    consumer.unsubscribe()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stop_consumer(consumer)
    async with asyncio.timeout(LIMIT_S):
        await consumer._fetcher._fetch_task


async def test_one_that_never_started_stops(kafka_bootstrap: str) -> None:
    """There is nothing to end, and nothing is raised."""
    await stop_consumer(AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None))


async def test_one_that_has_lost_its_connections_stops(kafka_bootstrap: str, place: TopicPartition) -> None:
    """It rests after the request that failed, is woken by being cancelled, and tells nobody else that they were."""
    consumer = await reading(kafka_bootstrap, place)
    client = consumer._client
    for connection in tuple(client._conns.values()):
        connection.close()
    await asyncio.sleep(0.1)
    assert consumer._fetcher._pending_tasks, "no request has failed"
    async with asyncio.timeout(LIMIT_S):
        await stop_consumer(consumer)
    assert client._sync_task is None, "the client goes on asking for metadata"
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
