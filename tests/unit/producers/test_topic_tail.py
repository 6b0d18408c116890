"""A topic that is followed, over connections that end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from muniment.producers.topic_tail import FIRST_PAUSE_S, LONGEST_PAUSE_S, TopicTail
from muniment.schemas.record import Record

TOPIC = "muniment.said"
PLACE = TopicPartition(TOPIC, 0)


class Log:
    """A topic of one partition and the broker that has it; `None` for a topic that is not there."""

    def __init__(self, *values: bytes) -> None:
        self.values: list[bytes] | None = list(values)
        self.away = 0
        self.places: list[int] = []

    def connect(self, **_: Any) -> "Connection":
        """The way to it."""
        return Connection(self)


class Connection:
    """What is used of a consumer: it hands out what lies there, once, and is then cut off."""

    def __init__(self, held: Log) -> None:
        self._log = held
        self._at: int | None = None
        self._client = self

    async def start(self) -> None:
        """Fails while the broker is away."""
        if self._log.away:
            self._log.away -= 1
            raise KafkaConnectionError

    async def stop(self) -> None:
        """Nothing is left open."""

    async def fetch_all_metadata(self) -> Any:
        """Which partitions there are."""
        there = set() if self._log.values is None else {0}
        return SimpleNamespace(partitions_for_topic=lambda _: there)

    def assign(self, places: Sequence[TopicPartition]) -> None:
        """Of one partition there is one choice."""
        assert places == [PLACE]

    async def beginning_offsets(self, _: Any) -> Mapping[TopicPartition, int]:
        """Nothing was removed yet."""
        return {PLACE: 0}

    async def end_offsets(self, _: Any) -> Mapping[TopicPartition, int]:
        """One after the last."""
        return {PLACE: len(self._log.values or ())}

    def seek(self, _: TopicPartition, offset: int) -> None:
        """From here on."""
        self._at = offset
        self._log.places.append(offset)

    async def getmany(self, **_: Any) -> Mapping[TopicPartition, Sequence[Any]]:
        """All that is left, then an end of the connection."""
        if self._at is None:
            raise KafkaConnectionError
        first, self._at = self._at, None
        messages = [
            SimpleNamespace(topic=TOPIC, key=b"", value=value, headers=(), partition=0, offset=first + n, timestamp=0)
            for n, value in enumerate((self._log.values or [])[first:])
        ]
        return {PLACE: messages}


async def follow(
    log: Log, turns: int, between: Mapping[int, Callable[[], None]] | None = None, **more: Any
) -> tuple[list[bytes], list[float]]:
    """What was taken and how long it paused, until it had paused that often; `between` is done in the nth pause."""
    taken: list[bytes] = []
    pauses: list[float] = []
    over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        (between or {}).get(len(pauses), lambda: None)()
        if len(pauses) == turns:
            over.set()
            await asyncio.Event().wait()

    def take(record: Record) -> None:
        taken.append(record.value)

    async with TopicTail("", TOPIC, take, connect=log.connect, sleep=sleep, **more), asyncio.timeout(30):
        await over.wait()
    return taken, pauses


async def test_the_pause_begins_anew_after_a_success() -> None:
    """Pauses double while the broker is away; once it was there, the next failure is followed by a short one again."""
    log = Log(b"one")
    log.away = 5
    taken, pauses = await follow(log, 6)
    assert taken == [b"one"]
    assert pauses == [FIRST_PAUSE_S, 0.4, 0.8, 1.6, LONGEST_PAUSE_S, FIRST_PAUSE_S]


async def test_what_fails_at_each_record_is_tried_less_and_less_often() -> None:
    """The connection is made each time, and nothing is taken: that is no success."""

    def take(record: Record) -> None:
        raise ValueError(record.value)

    pauses: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            enough.set()
            await asyncio.Event().wait()

    async with TopicTail("", TOPIC, take, connect=Log(b"one").connect, sleep=sleep), asyncio.timeout(30):
        await enough.wait()
    assert pauses == [FIRST_PAUSE_S, 0.4, 0.8, 1.6]


async def test_it_goes_on_where_it_was() -> None:
    """What was taken before the connection ended is not taken again, and what came meanwhile is."""
    log = Log(b"one", b"two")
    taken, _ = await follow(log, 2, {1: lambda: log.values.append(b"three")})  # type: ignore[union-attr]
    assert (taken, log.places) == ([b"one", b"two", b"three"], [0, 2])


async def test_a_topic_made_anew_is_read_from_its_beginning() -> None:
    """Who reads is told to forget first."""
    log, forgotten = Log(b"one", b"two"), []
    taken, _ = await follow(
        log, 2, {1: lambda: setattr(log, "values", [b"anew"])}, forget=lambda: forgotten.append(True)
    )
    assert (taken, log.places, forgotten) == ([b"one", b"two", b"anew"], [0, 0], [True])


async def test_a_topic_that_comes_later_is_found() -> None:
    """While it is missing there is nothing to catch up with, and it is looked for less and less often."""
    log = Log()
    log.values = None
    taken, pauses = await follow(log, 3, {2: lambda: setattr(log, "values", [b"late"])})
    assert taken == [b"late"]
    assert pauses[:2] == [FIRST_PAUSE_S, 0.4]


async def test_a_record_that_could_not_be_taken_comes_again() -> None:
    """A fault of the one who takes ends the connection, not the following."""
    log, tries = Log(b"one"), []

    def take(record: Record) -> None:
        tries.append(record.offset)
        if len(tries) == 1:
            raise ValueError(record.value)

    taken = asyncio.Event()

    async def sleep(_: float) -> None:
        if len(tries) > 1:
            taken.set()
            await asyncio.Event().wait()

    async with TopicTail("", TOPIC, take, connect=log.connect, sleep=sleep), asyncio.timeout(30):
        await taken.wait()
    assert tries == [0, 0]
