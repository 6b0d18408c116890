"""Exports from a real broker: with gaps, cut by retention, by time, while it grows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from support.exporting import exported, read_back

from muniment.infra.exporting.folder import ExportFolder
from muniment.infra.exporting.reading import LogReader, log_reader
from muniment.infra.exporting.selection import BadRange, Range, Selection
from muniment.infra.exporting.verifying import verify
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.documents import DocumentUnchanged
from muniment.schemas.record import Record

DOCS = "muniment.documents"
BEGIN = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000)


def fact() -> Record:
    """A small one."""
    return encode(DocumentUnchanged(document_id=uuid4(), version=1, job_id=uuid4()), example.metadata("a"), None)


@pytest.fixture
async def prefix(kafka_bootstrap: str, unique: str) -> AsyncIterator[str]:
    """A topic of documents with two partitions that nobody else has, behind this prefix."""
    prefix = f"{unique}."
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + DOCS, 2, 1)])
    yield prefix
    await admin.delete_topics([prefix + DOCS])
    await admin.close()


@pytest.fixture
async def reader(kafka_bootstrap: str, prefix: str) -> AsyncIterator[LogReader]:
    """What exports read with."""
    async with log_reader(kafka_bootstrap, prefix=prefix) as found:
        yield found


async def send(bootstrap: str, topic: str, records: list[Record], *, transaction: str = "") -> None:
    """Put the records on partition 0, a second apart by their timestamps; in a transaction when it has a name."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=transaction or None)
    await producer.start()
    try:
        if transaction:
            await producer.begin_transaction()
        for i, one in enumerate(records):
            headers = list(one.headers)
            await producer.send_and_wait(
                topic, one.value, one.key, partition=0, headers=headers, timestamp_ms=BEGIN + i * 1000
            )
        if transaction:
            await producer.commit_transaction()
    finally:
        await producer.stop()


async def test_a_reader_may_go_unused(kafka_bootstrap: str) -> None:
    """A refusal before the first record is read is told as it is, and not as a broken client."""
    with pytest.raises(BadRange, match="not this"):
        async with log_reader(kafka_bootstrap):
            raise BadRange("not this")


async def test_a_partition_with_gaps(kafka_bootstrap: str, prefix: str, reader: LogReader, tmp_path: Path) -> None:
    """A transaction's marker is no record: its offset is named as a gap, the records around it are all there."""
    first, second = [fact() for _ in range(5)], [fact() for _ in range(4)]
    await send(kafka_bootstrap, prefix + DOCS, first, transaction=f"{prefix}one")
    # Of the same producer: another one's records may come in before the marker of the first is written.
    await send(kafka_bootstrap, prefix + DOCS, second, transaction=f"{prefix}one")
    async with asyncio.timeout(60):
        # The broker writes the last marker after it has said that the transaction is over.
        while (await reader.bounds([DOCS], None, None))[DOCS, 0].ends < 11:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    manifest = await exported(reader, tmp_path / "x", "parquet", Selection((Range(DOCS),)), unit=4)
    assert [one.value for one in read_back(tmp_path / "x")] == [one.value for one in first + second]
    by_partition = {span["partition"]: span for span in manifest["spans"]}
    assert by_partition[0]["gaps"] == [
        {"first": 5, "last": 5, "why": "not_given"},
        {"first": 10, "last": 10, "why": "not_given"},
    ]
    assert (by_partition[0]["end"], by_partition[1]["end"]) == (11, 0)
    assert manifest["whole"] is False
    assert list(verify(ExportFolder(tmp_path / "x"))) == []


async def test_what_retention_took(kafka_bootstrap: str, prefix: str, reader: LogReader, tmp_path: Path) -> None:
    """Records that were removed before are named; asking for what is not there yet is refused."""
    await send(kafka_bootstrap, prefix + DOCS, [fact() for _ in range(8)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(prefix + DOCS, 0): RecordsToDelete(before_offset=3)})
    await admin.close()
    manifest = await exported(reader, tmp_path / "x", "jsonl", Selection((Range(DOCS, 0, 0, 6),)))
    [span] = manifest["spans"]
    assert span["gaps"] == [{"first": 0, "last": 2, "why": "removed"}]
    assert (span["first"], span["rows"], manifest["closed"], manifest["whole"]) == (3, 4, True, False)
    with pytest.raises(BadRange, match="there is no 8 yet"):
        await exported(reader, tmp_path / "y", "jsonl", Selection((Range(DOCS, 0, 0, 8),)))


async def test_a_span_of_time(kafka_bootstrap: str, prefix: str, reader: LogReader, tmp_path: Path) -> None:
    """From one moment to before another; closed once the log has got beyond it."""
    await send(kafka_bootstrap, prefix + DOCS, [fact() for _ in range(8)])
    since, until = (datetime.fromtimestamp(BEGIN / 1000 + seconds, UTC) for seconds in (2, 5))
    manifest = await exported(reader, tmp_path / "x", "avro", Selection((Range(DOCS, 0),), since=since, until=until))
    assert [one.offset for one in read_back(tmp_path / "x")] == [2, 3, 4]
    assert manifest["closed"] is True
    later = datetime.fromtimestamp(BEGIN / 1000 + 3600, UTC)
    manifest = await exported(reader, tmp_path / "y", "avro", Selection((Range(DOCS, 0),), since=since, until=later))
    assert [one.offset for one in read_back(tmp_path / "y")] == [2, 3, 4, 5, 6, 7]
    assert manifest["closed"] is False
