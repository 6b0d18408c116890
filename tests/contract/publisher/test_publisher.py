"""One suite for every publisher: the log in memory and the real broker keep the same promises."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.ports import free_port
from support.publisher import MemoryPublisher
from support.topics import create_topics

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.publisher import Publisher
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, MAX_AHEAD_MS, MAX_MESSAGE_BYTES, MAX_RECORD_BYTES

CONFIG = {
    "max.message.bytes": str(MAX_RECORD_BYTES + 64 * 1024),
    "message.timestamp.after.max.ms": str(MAX_AHEAD_MS),
}


async def create_topic(bootstrap: str, name: str) -> None:
    """A topic of four partitions that takes what ours take."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 4, 1, topic_configs=CONFIG)])
    await admin.close()


@pytest.fixture
async def kafka(kafka_bootstrap: str, unique: str) -> AsyncIterator[KafkaPublisher]:
    """A publisher on the real broker; the topic `unique` is there, and so are our own."""
    await create_topic(kafka_bootstrap, unique)
    await create_topics(kafka_bootstrap)
    async with KafkaPublisher(kafka_bootstrap) as real:
        yield real


@pytest.fixture(params=["memory", "kafka"])
def publisher(request: pytest.FixtureRequest) -> Publisher:
    """The publisher under test."""
    if request.param == "memory":
        return MemoryPublisher()
    real: KafkaPublisher = request.getfixturevalue("kafka")
    return real


@pytest.fixture(params=["memory", "kafka"])
async def cut_off(request: pytest.FixtureRequest) -> AsyncIterator[Publisher]:
    """A publisher whose broker is away."""
    if request.param == "memory":
        memory = MemoryPublisher()
        memory.away = True
        yield memory
        return
    async with KafkaPublisher(f"127.0.0.1:{free_port()}", confirm_s=1.0) as real:
        yield real


async def test_a_sent_record_knows_its_place(publisher: Publisher, unique: str) -> None:
    """What comes back is what was sent, with partition, offset and time."""
    record = Record(unique, b"key", b"value", (("a", b"1"), ("b", b"")))
    placed = await publisher.send(record)
    assert placed == Record(
        unique, b"key", b"value", record.headers, placed.partition, placed.offset, placed.timestamp_ms
    )
    assert None not in {placed.partition, placed.offset, placed.timestamp_ms}


async def test_records_of_one_key_lie_in_order_in_one_partition(publisher: Publisher, unique: str) -> None:
    """Sent one after the other under one key, they lie one after the other."""
    placed = [await publisher.send(Record(unique, b"one", str(i).encode(), ())) for i in range(5)]
    assert len({p.partition for p in placed}) == 1
    offsets = [p.offset or 0 for p in placed]
    assert offsets == list(range(offsets[0], offsets[0] + 5))


async def test_records_sent_at_once_all_find_a_place(publisher: Publisher, unique: str) -> None:
    """Concurrent sends are each confirmed, and no two at the same place."""
    records = [Record(unique, str(i % 7).encode(), b"v", ()) for i in range(100)]
    placed = await asyncio.gather(*(publisher.send(r) for r in records))
    assert len({(p.partition, p.offset) for p in placed}) == 100


async def test_the_largest_record_goes_and_a_larger_one_is_named(publisher: Publisher, unique: str) -> None:
    """The limit of `topics` is the limit of the log, and an oversize record breaks nothing for the next."""
    await publisher.send(Record(unique, b"k", bytes(MAX_RECORD_BYTES - 1), ()))
    with pytest.raises(StepFailure) as error:
        await publisher.send(Record(unique, b"k", bytes(MAX_RECORD_BYTES), ()))
    assert error.value.code is ErrorCode.RECORD_TOO_LARGE
    await publisher.send(Record(unique, b"k", b"small", ()))


async def test_a_record_whose_headers_are_too_long_is_named(publisher: Publisher, unique: str) -> None:
    """They count, too, and the record breaks nothing for the next."""
    with pytest.raises(StepFailure) as error:
        await publisher.send(Record(unique, b"k", bytes(MAX_RECORD_BYTES - 10), (("x", bytes(64 * 1024)),)))
    assert error.value.code is ErrorCode.RECORD_TOO_LARGE
    await publisher.send(Record(unique, b"k", b"small", ()))


async def test_a_clock_that_is_ahead_is_named(
    kafka: KafkaPublisher, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits says for what: the broker is there, and takes no record of this process until its clock is right."""
    send = AIOKafkaProducer.send_and_wait

    async def from_tomorrow(producer: AIOKafkaProducer, *args: Any, **named: Any) -> Any:
        return await send(producer, *args, **named, timestamp_ms=int(time.time() * 1000) + 86_400_000)

    monkeypatch.setattr(AIOKafkaProducer, "send_and_wait", from_tomorrow)
    with pytest.raises(StepFailure) as error:
        await kafka.send(Record(unique, b"k", b"v", ()))
    assert error.value.code is ErrorCode.LOG_UNAVAILABLE
    assert "set the clocks right" in error.value.detail
    monkeypatch.undo()
    assert (await kafka.send(Record(unique, b"k", b"v", ()))).offset == 0


async def test_what_any_topic_took_finds_room_where_it_is_carried_on(publisher: Publisher) -> None:
    """With all that a failure adds: a dead letter of the largest record that anybody got onto a topic."""
    said = tuple((f"retry_{n}", b"x" * 100) for n in range(20))
    sent = await publisher.send(Record(DLQ.name, b"k", bytes(MAX_MESSAGE_BYTES), said))
    assert sent.offset is not None


async def test_an_absent_broker_is_named_in_time(cut_off: Publisher) -> None:
    """Every send fails as `log_unavailable`, those that were sent together too, within the time limit of one."""
    # One after the other they would take a minute and more.
    records = [Record("t", b"k", b"v", ()) for _ in range(100)]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(cut_off.send(r) for r in records), return_exceptions=True)
    codes = {a.code for a in answers if isinstance(a, StepFailure)}
    assert codes == {ErrorCode.LOG_UNAVAILABLE}
    assert not [a for a in answers if not isinstance(a, StepFailure)]
