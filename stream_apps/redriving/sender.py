"""Puts records on redelivery topics so that it can be known for certain, later and by somebody else, whether they are.

Every start of a sender takes the transactional id over: what an earlier one, killed, frozen or cut off, has not brought
to the broker by then never arrives. So what does not lie on the topic now will not come. Readers of these topics read
uncommitted, as does the look here: a record counts as sent from the moment it lies there, whether or not its
transaction was committed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.unconfirmed import unconfirmed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import REDRIVE_ID, REDRIVE_LETTER
from muniment.schemas.topics import MAX_CARRIED_BYTES

TRANSACTIONAL_ID = "muniment.redriving"
CLOCK_SLACK = timedelta(minutes=10)
"""How far the clocks of the database and of whoever sent may be apart."""
LIMIT_S = 30.0
STOP_S = 2.0
NEAR = 2000
"""Records that are rather read over than sought past."""
_AWAY = (KafkaError, OSError, TimeoutError)


class Sender:
    """Use as an async context manager, one at a time in the fleet. `prefix` stands before topics' names (tests).

    Every call raises `StepFailure(log_unavailable)` when the broker does not answer, or somebody has taken over; a
    sender that failed is of no more use.
    """

    def __init__(self, bootstrap: str, *, transactional_id: str = TRANSACTIONAL_ID, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._transactional_id = transactional_id
        self._prefix = prefix
        self._producer: Any = None
        self._consumer: Any = None

    async def __aenter__(self) -> Self:
        """Take over: nothing of an earlier sender arrives from here on."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            transactional_id=self._transactional_id,
            acks="all",
            max_request_size=MAX_CARRIED_BYTES,
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=50,  # what is read is there: nothing is waited for
            max_partition_fetch_bytes=MAX_CARRIED_BYTES,
        )
        try:
            async with _answered("the broker does not let anybody redrive"), asyncio.timeout(LIMIT_S):
                await self._producer.start()
                await self._consumer.start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go. A transaction that is open is nobody's business: the next sender ends it."""
        await self._close()

    async def send(self, records: Sequence[Record]) -> None:
        """Send records, confirmed."""
        async with _answered("the broker did not confirm redriven records"), asyncio.timeout(LIMIT_S):
            await self._producer.begin_transaction()
            sent = [
                await self._producer.send(self._prefix + r.topic, r.value, key=r.key, headers=list(r.headers))
                for r in records
            ]
            await asyncio.gather(*sent)
            await self._producer.commit_transaction()

    async def sent(self, topics: Collection[str], since: datetime) -> set[tuple[str, str]]:
        """The redrive and letter of every record that came to these topics since then."""
        found: set[tuple[str, str]] = set()
        async with _answered("the redelivery topics cannot be read"), asyncio.timeout(LIMIT_S * 4):
            ends = await self._ends(topics)
            from_ms = round((since - CLOCK_SLACK).timestamp() * 1000)
            starts = await self._consumer.offsets_for_times(dict.fromkeys(ends, from_ms)) if ends else {}
            spans = {place: (starts[place].offset, end) for place, end in ends.items() if starts.get(place)}
            async for record in self._read(spans):
                found.add((record.header(REDRIVE_ID) or "", record.header(REDRIVE_LETTER) or ""))
        return found

    async def letters(self, places: Collection[Position]) -> dict[Position, Record]:
        """The records of letters; one that is not there (any more) is left out."""
        found: dict[Position, Record] = {}
        async with _answered("the dead letters cannot be read"), asyncio.timeout(LIMIT_S * 4):
            ends = await self._ends({place.topic for place in places})
            begins = await self._consumer.beginning_offsets(list(ends)) if ends else {}
            runs = {place: _runs(self._wanted(place, places, begins[place], end)) for place, end in ends.items()}
            for number in range(max(map(len, runs.values()), default=0)):
                spans = {p: (run[number][0], run[number][-1] + 1) for p, run in runs.items() if number < len(run)}
                async for record in self._read(spans):
                    topic = record.topic.removeprefix(self._prefix)
                    at = Position(topic, record.partition or 0, record.offset or 0)
                    if at in places:
                        found[at] = Record(topic, record.key, record.value, record.headers, at.partition, at.offset)
        return found

    async def _ends(self, topics: Collection[str]) -> dict[TopicPartition, int]:
        cluster = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
        names = [self._prefix + topic for topic in topics]
        places = []
        for name in names:
            numbers = cluster.partitions_for_topic(name)
            if not numbers:
                # Not the same as empty: nothing may follow from a topic that does not show itself.
                raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"the broker does not show {name}")
            places += [TopicPartition(name, number) for number in sorted(numbers)]
        return dict(await self._consumer.end_offsets(places)) if places else {}

    def _wanted(self, place: TopicPartition, places: Collection[Position], begin: int, end: int) -> list[int]:
        """The offsets there that are wanted and there, in order."""
        here = (place.topic.removeprefix(self._prefix), place.partition)
        return sorted(p.offset for p in places if (p.topic, p.partition) == here and begin <= p.offset < end)

    async def _read(self, spans: Mapping[TopicPartition, tuple[int, int]]) -> AsyncIterator[Record]:
        """The records of these spans of offsets, side by side; the ends are not among them."""
        left = {place: end for place, (start, end) in spans.items() if start < end}
        if not left:
            return
        self._consumer.assign(list(left))
        for place in left:
            self._consumer.seek(place, spans[place][0])
        while left:
            for place, messages in (await self._consumer.getmany(timeout_ms=1000)).items():
                for message in messages:
                    if message.offset < spans[place][1]:
                        yield record_of(message)
            for place in [place for place, end in left.items() if await self._consumer.position(place) >= end]:
                del left[place]
                self._consumer.pause(place)

    async def _close(self) -> None:
        stops = ((self._consumer, partial(stop_consumer, self._consumer)), (self._producer, self._producer.stop))
        for part, stop in stops:
            # The producer would flush for as long as the broker is away.
            stopping = asyncio.ensure_future(stop())
            done, _ = await asyncio.wait({stopping}, timeout=STOP_S)
            if not done:
                stopping.cancel()
                client = part.client if part is self._producer else part._client  # noqa: SLF001 - there is no other way
                await client.close()
            with contextlib.suppress(asyncio.CancelledError, *_AWAY):
                await stopping


def _runs(offsets: Sequence[int]) -> list[list[int]]:
    """Offsets that lie near one another, together."""
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset - runs[-1][-1] <= NEAR:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return runs


@contextlib.asynccontextmanager
async def _answered(detail: str) -> AsyncIterator[None]:
    try:
        yield
    except _AWAY as error:
        raise unconfirmed(detail, error) from error
