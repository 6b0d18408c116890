"""A log in memory, for tests that need a publisher and no broker."""

from dataclasses import replace
from zlib import crc32

from muniment.producers.record_size import too_large
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record


class MemoryPublisher:
    """See `Publisher`. `sent` holds every record in the order of confirmation; `away` takes the broker away."""

    def __init__(self, partitions: int = 4) -> None:
        self.sent: list[Record] = []
        self.away = False
        self._partitions = partitions
        self._ends: dict[tuple[str, int], int] = {}

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        if too_large(record):
            raise StepFailure(ErrorCode.RECORD_TOO_LARGE, f"{len(record.value)} bytes for {record.topic}")
        if self.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "taken away by the test")
        partition = crc32(record.key) % self._partitions
        offset = self._ends.get((record.topic, partition), 0)
        self._ends[record.topic, partition] = offset + 1
        placed = replace(record, partition=partition, offset=offset, timestamp_ms=0)
        self.sent.append(placed)
        return placed
