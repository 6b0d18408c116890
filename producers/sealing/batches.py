"""The leaves in the bytes that a broker answers a fetch with.

A consumer skips what is no record without a word. Here batches are read as they lie on disk (Kafka's record batch,
version 2), so that a marker of a transaction is told from a record that somebody took away.
"""

from typing import Any

from aiokafka.record.memory_records import MemoryRecords

from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, LogRecord


class CorruptBatch(Exception):
    """A batch fails its own checksum (CRC-32C), or cannot be read as one: the disk, or somebody at it, changed it."""

    def __init__(self, offset: int, next_offset: int, why: str = "fails its checksum") -> None:
        super().__init__(f"the batch of offsets {offset} to {next_offset - 1} {why}")
        self.offset = offset
        self.next_offset = next_offset


def leaves_of(raw: bytes, topic: str, partition: int, at: int) -> tuple[list[Leaf], int]:
    """The leaves from offset `at` on, without a hole, and the offset after the last of them.

    One leaf a record, a batch of control records, and a stretch of missing offsets within or between batches: never
    joined, so that the same log gives the same leaves however it is fetched. Before a batch that is corrupt they end.

    Raises:
        CorruptBatch: The first batch fails its checksum, or is none.

    """
    out: list[Leaf] = []
    end = at + 1
    try:
        batches = MemoryRecords(raw)
        while batches.has_next():
            end = at + 1  # As long as nothing says where the batch ends.
            batch: Any = batches.next_batch()
            end = max(end, batch.next_offset)
            found = _leaves(batch, topic, partition, at)
            out += found
            at = found[-1].next_offset if found else at
    except CorruptBatch:
        if not out:
            raise
    except Exception as error:
        # The parser is written in C, and meets bytes that nobody vouches for.
        if not out:
            raise CorruptBatch(at, end, f"cannot be read: {type(error).__name__}") from error
    return out, at


def _leaves(batch: Any, topic: str, partition: int, at: int) -> list[Leaf]:
    """Those of one batch from offset `at` on, and before them what is missing up to it."""
    out: list[Leaf] = []

    def missing(until: int) -> None:
        nonlocal at
        if at < until:
            out.append(Gap(topic, partition, at, until, GapReason.MISSING))
            at = until

    if batch.next_offset <= at:
        return out
    if not batch.validate_crc():
        raise CorruptBatch(batch.base_offset, batch.next_offset)
    missing(batch.base_offset)
    if batch.is_control_batch:
        return [*out, Gap(topic, partition, at, batch.next_offset, GapReason.CONTROL)]
    for found in batch:
        if found.offset >= at:
            missing(found.offset)
            out.append(_record(topic, partition, found))
            at = found.offset + 1
    missing(batch.next_offset)
    return out


def _record(topic: str, partition: int, found: Any) -> LogRecord:
    headers = tuple((name, _bytes(value)) for name, value in found.headers)
    return LogRecord(topic, partition, found.offset, found.timestamp, _bytes(found.key), headers, _bytes(found.value))


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
