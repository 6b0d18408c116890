"""Reads spans of the log, each partition from an offset to an end: bare aiokafka, no group, nothing committed."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_RECORD_BYTES

Place = tuple[str, int]
"""A topic by its own name, and a partition."""
BATCH = 500
"""Most records that are handed out at once."""
_QUIET_MS = 1000
_QUIET = 30
"""Empty answers in a row, a second each, after which the log counts as away: the records were there when we asked."""


class LogSpans:
    """What lies on the log, as it is now. `prefix` stands before topics' names on the broker (tests)."""

    def __init__(self, consumer: Any, prefix: str = "") -> None:
        self._consumer = consumer
        self._prefix = prefix

    async def partitions(self, topics: Iterable[str]) -> list[Place]:
        """The partitions of these topics, in order; a topic that is missing has none."""
        # Asked for by itself: a consumer that is told the topic waits most of a minute for one that is missing.
        cluster = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
        return [
            (topic, number)
            for topic in topics
            for number in sorted(cluster.partitions_for_topic(self._prefix + topic) or ())
        ]

    async def extents(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset that is there, and the one after the last."""
        if not places:
            return {}
        named = {self._named(place): place for place in places}
        begins, ends = await self._consumer.beginning_offsets(named), await self._consumer.end_offsets(named)
        return {place: (begins[name], ends[name]) for name, place in named.items()}

    async def since(self, places: Sequence[Place], moment: datetime) -> dict[Place, int | None]:
        """The first offset whose record is not older than that, by the record's own time; `None` for none."""
        if not places:
            return {}
        named = {self._named(place): place for place in places}
        found = await self._consumer.offsets_for_times(dict.fromkeys(named, int(moment.timestamp() * 1000)))
        return {place: found[name].offset if found.get(name) else None for name, place in named.items()}

    async def read(self, place: Place, first: int, end: int) -> AsyncIterator[list[Record]]:
        """The records from `first` to before `end`, in batches, in order. Ends when the log has passed its end.

        Raises:
            StepFailure: `log_unavailable`, when records that were there do not come.

        """
        name = self._named(place)
        self._consumer.assign([name])
        # At once: a partition that is assigned without a place looks for one by itself, and would find the end.
        self._consumer.seek(name, first)
        quiet = 0
        while await self._consumer.position(name) < end:
            fetched = (await self._consumer.getmany(name, timeout_ms=_QUIET_MS, max_records=BATCH)).get(name, ())
            quiet = 0 if fetched else quiet + 1
            if quiet > _QUIET:
                raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"{place[0]}:{place[1]} gives no records any more")
            found = [replace(record_of(message), topic=place[0]) for message in fetched if message.offset < end]
            if found:
                yield found

    def _named(self, place: Place) -> TopicPartition:
        return TopicPartition(self._prefix + place[0], place[1])


@asynccontextmanager
async def log_spans(
    bootstrap: str,
    *,
    prefix: str = "",
    client_id: str = "muniment-looking",
    patience_s: float | None = None,
    told: str = "the log cannot be read now",
) -> AsyncIterator[LogSpans]:
    """A reader, closed again; all that is done with it takes at most `patience_s`.

    Raises:
        StepFailure: `log_unavailable`, in the words of `told`.

    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=MAX_RECORD_BYTES + 64 * 1024,
        # What is read is there: a fetch at the end that waits for more holds up the next partition (500 ms each).
        fetch_max_wait_ms=10,
    )
    try:
        async with asyncio.timeout(patience_s):
            try:
                await consumer.start()
            except OSError as error:
                # Here alone: later ones are the caller's own, as of a disk that is full.
                raise _away(told, error) from error
            # aiokafka ends badly when it is stopped before its own tasks have once run.
            await asyncio.sleep(0)
            yield LogSpans(consumer, prefix)
    except (KafkaError, TimeoutError) as error:
        raise _away(told, error) from error
    finally:
        await stop_consumer(consumer)


def _away(told: str, error: Exception) -> StepFailure:
    return StepFailure(ErrorCode.LOG_UNAVAILABLE, f"{told}: {type(error).__name__}")
