"""Reads every record about some documents from the log: for a person who asks what is held about them.

All records of a document lie in one partition number of each topic (decision 0003), and none is older than the first
command about it. Those partitions are read from there to their end, once for all of the documents: minutes, on a large
log, for something that is asked for a few times a year. What operators made of its dead letters is among them.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from uuid import UUID

from aiokafka.partitioner import murmur2

from muniment.producers.log_spans import log_spans
from muniment.schemas.record import Record
from muniment.schemas.topics import (
    CHUNKS,
    COMMANDS_DOCUMENTS,
    COMMANDS_OPERATIONS,
    DOCUMENTS,
    EMBEDDINGS,
    OPERATIONS,
)

TOPICS = tuple(
    topic.name for topic in (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS, COMMANDS_OPERATIONS, OPERATIONS)
)
PATIENCE_S = 600.0
SLACK = timedelta(hours=1)
"""How far the clock of who wrote the first record may be before that of who said when it was asked for."""


class DocumentRecords:
    """See the module. `prefix` stands before topics' names on the broker (tests)."""

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._bootstrap, self._prefix = bootstrap, prefix

    async def of(self, documents: Collection[UUID], since: datetime | None = None) -> AsyncIterator[Record]:
        """Their records, topic by topic in the order of the log, as far as it reaches now.

        `since`: none of them is older; from the beginning without it.

        Raises:
            StepFailure: `log_unavailable`.

        """
        keys = {str(document).encode() for document in documents}
        async with log_spans(self._bootstrap, prefix=self._prefix, patience_s=PATIENCE_S) as log:
            for topic in TOPICS:
                every = await log.partitions([topic])
                numbers = {partition_of(key, len(every)) for key in keys} if every else set()
                places = [place for place in every if place[1] in numbers]
                extents = await log.extents(places)
                firsts = await log.since(places, since - SLACK) if since else {}
                for place, (begin, end) in extents.items():
                    first = firsts.get(place, begin)
                    if first is None:
                        continue  # nothing is that young
                    async for records in log.read(place, max(first, begin), end):
                        for record in records:
                            if record.key in keys:
                                yield record


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key, as every Kafka producer chooses it (murmur2)."""
    number: int = murmur2(key)
    return (number & 0x7FFFFFFF) % count
