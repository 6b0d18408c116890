"""Two processes' breakers, joined by the log: in memory, and over a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.operations import MemoryOperations, said

from muniment.producers.breakers.breakers import Breakers
from muniment.producers.breakers.guarded import GuardedBlobs, GuardedEmbedder
from muniment.producers.breakers.policy import BreakerLimits
from muniment.producers.clock import utc_now
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.operations.tail import OperationsTail
from muniment.producers.publisher import Publisher
from muniment.schemas.codec import decode, encode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.operations import BreakerClosed
from muniment.schemas.record import Record
from muniment.schemas.web_address import parse
from muniment.stream_apps.fetching.doors import doors

LIMITS = BreakerLimits(failures=3, open_s=600, longest_s=1200)
"""None may be tried again before a test says that it is later: a machine may stand still for a second."""
LEARNED_S = 60.0


class PlainCodec:
    """Nothing of operations is sealed."""

    async def encode(self, event: Event, meta: Metadata) -> Record:
        """The record of an event."""
        return encode(event, meta, None)


class MemoryLog:
    """A publisher that folds into everybody's state at once; away when told so."""

    def __init__(self, all_of_them: list[MemoryOperations]) -> None:
        self._all = all_of_them
        self.away = False

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        if self.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")
        envelope = decode(record, lambda _: None)
        for one in self._all:
            one.take(envelope.event, envelope.meta)
        return record


class Onto:
    """A publisher onto a topic of the test's own."""

    def __init__(self, inner: Publisher, topic: str) -> None:
        self._inner, self._topic = inner, topic

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        return await self._inner.send(record.to(self._topic))


@dataclass
class Clock:
    """The time of both processes; `ahead` of the real one by as much as a test says."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Two:
    """Two processes, the log between them, and their clock."""

    one: Breakers
    two: Breakers
    log: Any
    clock: Clock = field(default_factory=Clock)


@pytest.fixture(params=["memory", "kafka"])
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    """Fresh ones."""
    async with AsyncExitStack() as stack:
        log: Any
        tails: list[Any]
        if request.param == "memory":
            tails = [MemoryOperations(), MemoryOperations()]
            log = MemoryLog(tails)
        else:
            bootstrap, topic = request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("unique")
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
            await admin.start()
            await admin.create_topics([NewTopic(topic, 1, 1)])
            await admin.close()
            log = Onto(await stack.enter_async_context(KafkaPublisher(bootstrap)), topic)
            tails = [
                await stack.enter_async_context(OperationsTail(bootstrap, topic=topic, patience_s=60)) for _ in "12"
            ]
        clock = Clock()
        made = [
            await stack.enter_async_context(
                Breakers(tail, log, PlainCodec(), limits=LIMITS, now=clock, draw=lambda: 0.0)
            )
            for tail in tails
        ]
        yield Two(made[0], made[1], log, clock)


async def until(what: str, holds: Callable[[], bool]) -> None:
    """Look again and again."""
    try:
        async with asyncio.timeout(LEARNED_S):
            while not holds():  # noqa: ASYNC110 - a breaker tells nobody
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(what) from None


def state(breakers: Breakers, name: str = "embedding") -> str:
    """Closed, open or half-open."""
    return breakers.get(name).shown().state


async def fail(breakers: Breakers, name: str = "embedding") -> None:
    """Let it open."""
    code = ErrorCode.FETCH_FAILED if name.startswith("fetching") else ErrorCode.PROVIDER_UNAVAILABLE
    for _ in range(LIMITS.failures):
        with pytest.raises(StepFailure):
            async with breakers.get(name).calling():
                raise StepFailure(code, "away")


async def test_what_one_learns_the_other_knows(two: Two) -> None:
    """Opened by one: the other refuses without a single failure of its own, also a breaker that it makes only then."""
    await fail(two.one)
    await fail(two.one, "fetching:one")
    two.two.get("embedding")
    await until("the other hears of it", lambda: state(two.two) == "open")
    await until("of both", lambda: state(two.two, "fetching:one") == "open")
    with pytest.raises(StepFailure) as error:
        async with two.two.get("embedding").calling():
            pytest.fail("it was called")
    assert error.value.code is ErrorCode.BREAKER_OPEN
    assert state(two.two, "blobs") == state(two.two, "fetching:other") == "closed"
    assert {shown.name for shown in two.two.shown() if shown.state == "open"} == {"embedding", "fetching:one"}


async def test_a_try_that_is_answered_closes_it_for_all(two: Two) -> None:
    """After the pause either tries; the other need not."""
    await fail(two.one)
    await until("the other hears of it", lambda: state(two.two) == "open")
    two.clock.ahead = timedelta(seconds=LIMITS.open_s)
    async with two.two.get("embedding").calling():
        pass
    await until("the first hears of it", lambda: state(two.one) == "closed")


async def test_a_person_closes_it_everywhere(two: Two) -> None:
    """`BreakerClosed` by command, long before the pause has ended."""
    await fail(two.one)
    await until("the other hears of it", lambda: state(two.two) == "open")
    closed = BreakerClosed(breaker="embedding", by="command", reason="it is well again")
    await two.log.send(encode(closed, said(), None))
    await until("both hear of it", lambda: state(two.one) == state(two.two) == "closed")


async def test_while_the_log_is_away_it_works_alone_and_tells_later(two: Two) -> None:
    """Opening waits for no broker; the others are told once there is one."""
    if not isinstance(two.log, MemoryLog):
        pytest.skip("the broker is shared with other tests")
    two.log.away = True
    await fail(two.one)
    assert state(two.one) == "open"
    await asyncio.sleep(0.05)
    assert state(two.two) == "closed"
    two.log.away = False
    await until("the other hears of it", lambda: state(two.two) == "open")


async def test_a_name_that_stands_before_nothing_is_a_mistake(two: Two) -> None:
    """`KeyError`, rather than a breaker that nobody can see."""
    with pytest.raises(KeyError):
        two.one.get("embeding")


class Away:
    """An embedder and blob store that count their calls and are away."""

    model, dimensions = "m", 2

    def __init__(self) -> None:
        self.calls = 0

    async def embed(self, texts: Any, *, purpose: Any) -> Any:
        """See `Embedder`."""
        self.calls += 1
        raise StepFailure(ErrorCode.PROVIDER_TIMEOUT, "away")

    async def put(self, *_: Any) -> Any:
        """See `BlobStore`."""
        self.calls += 1
        raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, "away")

    async def open(self, *_: Any) -> AsyncIterator[bytes]:
        """See `BlobStore`."""
        self.calls += 1
        raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, "away")
        yield b""

    async def delete(self, *_: Any) -> bool:
        """See `BlobStore`."""
        self.calls += 1
        raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, "away")


async def test_the_ports_are_guarded(two: Two) -> None:
    """Embedding, storing, reading and removing: after the failures in a row nobody is called."""
    away: Any = Away()
    embedder, blobs = GuardedEmbedder(away, two.one.get("embedding")), GuardedBlobs(away, two.one.get("blobs"))

    async def read() -> None:
        async for _ in blobs.open("t", "r"):
            pass

    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    for calls in (
        [embedder.embed(["a"], purpose="query") for _ in "1234"],
        [read(), blobs.put("t", nothing()), blobs.delete("t", "r"), read()],
    ):
        away.calls = 0
        codes = []
        for call in calls:
            with pytest.raises(StepFailure) as error:
                await call
            codes.append(error.value.code)
        assert codes[-1] is ErrorCode.BREAKER_OPEN
        assert away.calls == LIMITS.failures


async def test_hosts_have_breakers_of_their_own_and_no_names(two: Two) -> None:
    """A host that fails is left alone, others are fetched from; nothing on the log or in health tells which it is."""

    door = doors(two.one)

    async def fetch(url: str) -> str:
        try:
            async with door(parse(url)):
                await answer(url)
        except StepFailure as error:
            return error.code.value
        return "found"

    async def answer(url: str) -> None:
        if "away" in url:
            raise StepFailure(ErrorCode.FETCH_FAILED, "no answer")

    codes = [await fetch("https://away.example/a") for _ in range(LIMITS.failures + 1)]
    assert codes == ["fetch_failed"] * LIMITS.failures + ["breaker_open"]
    assert await fetch("https://well.example/a") == "found"
    (shown,) = [one for one in two.one.shown() if one.state == "open"]
    assert shown.name.startswith("fetching:")
    assert "away" not in shown.name
    await until("the other hears of it", lambda: state(two.two, shown.name) == "open")
