"""Reads one record from the log by its place."""

from typing import Protocol

from muniment.producers.log_spans import log_spans
from muniment.schemas.record import Position, Record

PATIENCE_S = 10.0


class Records(Protocol):
    """The port to single records."""

    async def at(self, place: Position) -> Record | None:
        """The record there; `None` when there is none (any more). Raises `StepFailure(log_unavailable)`."""
        ...


class KafkaRecords:
    """See `Records`. A consumer a call: this is for people, who look at one record now and then.

    `prefix` stands before topics' names on the broker (tests).
    """

    def __init__(self, bootstrap: str, *, prefix: str = "", patience_s: float = PATIENCE_S) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience_s = patience_s

    async def at(self, place: Position) -> Record | None:
        """See `Records.at`."""
        told = "the record cannot be read now"
        async with log_spans(self._bootstrap, prefix=self._prefix, patience_s=self._patience_s, told=told) as log:
            partition = (place.topic, place.partition)
            if partition not in await log.partitions([place.topic]):
                return None
            first, end = (await log.extents([partition]))[partition]
            if not first <= place.offset < end:
                return None
            # Retention or a transaction's marker may have left a gap: then there is nothing before the next one.
            async for records in log.read(partition, place.offset, place.offset + 1):
                return records[0]
        return None
