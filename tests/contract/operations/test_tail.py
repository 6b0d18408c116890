"""What only a real log can do to its tail: be there before it, be away, hold what nobody can read."""

import asyncio
import statistics
import threading
import time

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.kafka import running_broker
from support.operations import said
from support.ports import free_ports

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.operations.tail import OperationsTail
from muniment.schemas.codec import encode
from muniment.schemas.operations import FlagChanged
from muniment.schemas.record import Record


async def create(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """A topic of its own for the test."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()


def flag(topic: str, *, value: bool) -> Record:
    """The record of a flag."""
    event = FlagChanged(flag="outbox", value=value, reason="")
    return encode(event, said(), None).to(topic)


async def test_a_late_comer_knows_what_was_said_before(kafka_bootstrap: str, unique: str) -> None:
    """Entering waits for what lies there; a record that nobody can read is passed over."""
    await create(kafka_bootstrap, unique)
    async with KafkaPublisher(kafka_bootstrap) as publisher:
        for i in range(100):
            await publisher.send(flag(unique, value=i % 2 == 1))
        await publisher.send(Record(unique, b"outbox", b"not avro", ()))
    async with OperationsTail(kafka_bootstrap, topic=unique, patience_s=60) as tail:
        assert tail.caught_up.is_set()
        assert tail.flag("outbox") is True


async def test_a_change_is_known_at_once(kafka_bootstrap: str, unique: str) -> None:
    """Who waits for a change is woken by it; how soon is printed, and is for benchmarks to judge."""
    await create(kafka_bootstrap, unique)
    took = []
    tail = OperationsTail(kafka_bootstrap, topic=unique, patience_s=60)
    async with KafkaPublisher(kafka_bootstrap) as publisher, tail:
        for i in range(10):
            began = time.monotonic()
            seen = tail.version
            await publisher.send(flag(unique, value=i % 2 == 0))
            async with asyncio.timeout(60):
                await tail.changed(seen)
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.05)
    print(f"effective after {statistics.median(took) * 1000:.0f} ms, at most {max(took) * 1000:.0f}")  # noqa: T201


async def test_a_topic_that_comes_later_is_found(kafka_bootstrap: str, unique: str) -> None:
    """Without the topic the defaults hold, and entering does not wait; once it is there it is read."""
    tail = OperationsTail(kafka_bootstrap, topic=unique, patience_s=60)
    async with KafkaPublisher(kafka_bootstrap) as publisher, tail:
        assert tail.caught_up.is_set()
        await create(kafka_bootstrap, unique)
        await publisher.send(flag(unique, value=True))
        async with asyncio.timeout(60):
            while not tail.flag("outbox"):
                await tail.changed()


async def test_a_broker_that_is_away_is_waited_for(unique: str) -> None:
    """Started without a broker: the defaults, without waiting for one. Once the broker is there, nothing is missed."""
    port, controller = free_ports(2)
    known = threading.Event()
    async with OperationsTail(f"127.0.0.1:{port}", topic=unique, patience_s=0.5) as tail:
        assert not tail.caught_up.is_set()
        assert tail.flag("outbox") is False
        broker = asyncio.create_task(asyncio.to_thread(_until, known, port, controller, unique))
        try:
            async with asyncio.timeout(100):
                while not tail.flag("outbox"):
                    await tail.changed()
                await tail.caught_up.wait()
        finally:
            known.set()
            await broker


def _until(known: threading.Event, port: int, controller: int, topic: str) -> None:
    with running_broker(port, controller) as broker:
        asyncio.run(_say(broker.bootstrap, topic))
        known.wait(100)


async def _say(bootstrap: str, topic: str) -> None:
    await create(bootstrap, topic)
    async with KafkaPublisher(bootstrap) as publisher:
        await publisher.send(flag(topic, value=True))
