"""A host that is away, and addresses of others beside it: the step, breakers, brake and lanes as they are."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.heard_log import HeardLog
from support.key_ring import MemoryKeyRing
from support.operations import MemoryOperations

from muniment.producers.blobs import Blob
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.log_codec import LogCodec
from muniment.schemas.documents import DocumentFetched, DocumentRequested
from muniment.schemas.error_codes import TRIES, ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import DLQ, OPERATIONS, REDELIVERY, RETRY_TIERS
from muniment.schemas.web_address import WebAddress, parse
from muniment.stream_apps.braking.brake import Brake
from muniment.stream_apps.braking.policy import BrakeLimits
from muniment.stream_apps.fetching.doors import doors
from muniment.stream_apps.fetching.port import Door, Found
from muniment.stream_apps.fetching.step import Fetching
from muniment.stream_apps.hosting.lanes import Lanes
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.retrying.policy import Limits

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
TIERS = {tier.name for tier in RETRY_TIERS}
MANY = BrakeLimits().run + 4
"""More addresses of one host than dead letters of different documents halt a step."""


class Web:
    """Hosts whose names begin with `dead` do not answer, the others do; counts who was asked."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.asked: Counter[str] = Counter()

    @asynccontextmanager
    async def open(self, address: WebAddress) -> AsyncIterator[Found]:
        """See `Fetcher.open`."""
        async with self._door(address):
            self.asked[str(address)] += 1
            await asyncio.sleep(0)
            if address.host.startswith("dead"):
                raise StepFailure(ErrorCode.FETCH_FAILED, "no answer")
        yield Found(address, "page.txt", 4, _page())


async def _page() -> AsyncIterator[bytes]:
    yield b"page"


class Claims:
    """Claims that read what is put and keep nothing."""

    async def put(self, tenant: str, document_id: UUID, job_id: UUID, kind: str, chunks: AsyncIterator[bytes]) -> Blob:
        """See `Claims.put`."""
        content = b"".join([chunk async for chunk in chunks])
        return Blob("sha256:" + hashlib.sha256(content).hexdigest(), len(content))


class House:
    """The step that fetches, as it is wired, on a log in memory and by a clock that a test turns."""

    def __init__(self, **limits: Any) -> None:
        self.now = BEGAN
        self.clock = 0.0
        self.ring, operations = MemoryKeyRing(), MemoryOperations()
        self.log, self.codec = HeardLog(operations), LogCodec(self.ring)
        self.breakers = Breakers(operations, self.log, self.codec, now=lambda: self.now, draw=lambda: 0.0)
        self.web = Web(doors(self.breakers))
        claims: Any = Claims()
        self.step = Fetching(self.web, claims, limit_s=60)
        self.brake = Brake(operations, self.log, self.codec, now=lambda: self.now, monotonic=lambda: self.clock)
        self.settler = Settler(
            self.codec, self.log, limits=Limits(**limits), ports=Ports(gate=self.brake), now=lambda: self.now
        )
        self._given = 0

    async def requested(self, url: str, tenant: str = "acme") -> Record:
        """An address on the log."""
        document_id, job_id = uuid4(), uuid4()
        await self.ring.create(tenant, document_id)
        event = DocumentRequested(
            document_id=document_id, job_id=job_id, url=url, title=None, metadata={}, lane="normal"
        )
        meta = Metadata(uuid4(), tenant, job_id, job_id, BEGAN, "muniment.test")
        self._given += 1
        return replace(await self.codec.encode(event, meta), partition=0, offset=self._given)

    def on(self, *topics: str) -> list[Record]:
        """What was sent there."""
        return [record for record in self.log.sent if record.topic in topics]

    def settle(self, record: Record) -> "asyncio.Task[str]":
        """Settle one, beside all others."""
        return asyncio.create_task(self.settler.settle(self.step, record))

    async def play(self, records: list[Record]) -> None:
        """Settle all of them, and what comes back from the tiers when it is due, until nothing waits any more."""
        waiting: list[tuple[int, int, Record]] = []
        for record in records:
            heappush(waiting, (0, len(waiting), record))
        turns = len(waiting)
        async with asyncio.timeout(100):
            await self._play(waiting, turns)

    async def _play(self, waiting: list[tuple[int, int, Record]], turns: int) -> None:
        while waiting:
            due_ms, _, record = heappop(waiting)
            self.now = max(self.now, datetime.fromtimestamp(due_ms / 1000, UTC) + timedelta(milliseconds=1))
            seen = len(self.log.sent)
            await self.settler.settle(self.step, record)
            for sent in self.log.sent[seen:]:
                state = retry_state(sent)
                if sent.topic in TIERS and state is not None:
                    turns += 1
                    heappush(waiting, (state.due_ms, turns, sent.to(REDELIVERY["fetching"].name)))


@asynccontextmanager
async def played_until_halted(house: House, records: list[Record]) -> AsyncIterator[None]:
    """With so many of them settled that the step has been halted."""
    playing = asyncio.create_task(house.play(records))
    try:
        async with asyncio.timeout(60):
            while not house.brake.holds("fetching"):  # noqa: ASYNC110 - turns of the loop are what is waited for
                await asyncio.sleep(0)
        yield
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


def _name(record: Record) -> str:
    return (record.header("ce_type") or "").split(".")[1]


async def test_a_dead_host_holds_up_no_other() -> None:
    """With far more of its addresses than there are turns, one of a host that lives is fetched at once."""
    house = House()
    records = [await house.requested(f"https://dead.example/{n}") for n in range(40)]
    lanes = Lanes(lambda record: house.settler.settle(house.step, record), house.step.lane, concurrency=4)
    ends = asyncio.Event()
    async with asyncio.timeout(60):
        for record in records:
            await lanes.enter(record, lambda: None)
        await lanes.enter(await house.requested("https://alive.example/"), ends.set)
        await ends.wait()
    assert [_name(record) for record in house.log.sent if record.header("ce_source") == "muniment.fetching"] == [
        DocumentFetched.__name__
    ]
    # All of the others wait on the log: those that were not called for have used up no attempt.
    states = [state for record in house.on(*TIERS) if (state := retry_state(record))]
    assert len(states) == 40
    assert {(s.code, s.attempt, s.waits) for s in states} == {("fetch_failed", 1, 0), ("breaker_open", 0, 1)}
    assert sum(house.web.asked.values()) < 10
    assert not house.brake.holds("fetching")


@pytest.mark.parametrize(("deadline_s", "code"), [(86_400, ErrorCode.FETCH_FAILED), (3600, ErrorCode.OUTAGE_TOO_LONG)])
async def test_its_addresses_end(deadline_s: float, code: ErrorCode) -> None:
    """Each after its three tries, or when the deadline of an outage is over; none is called for more often."""
    house = House(outage_deadline_s=deadline_s)
    alive = [await house.requested(f"https://alive.example/{n}") for n in range(3)]
    dead = [await house.requested(f"https://dead.example/{n}") for n in range(MANY)]
    await house.play([*dead, *alive])
    letters = [state for record in house.on(DLQ.name) if (state := retry_state(record))]
    assert len(letters) == MANY
    assert {letter.code for letter in letters} == {code}
    asked = [house.web.asked[f"https://dead.example/{n}"] for n in range(MANY)]
    assert max(asked) <= TRIES[ErrorCode.FETCH_FAILED]
    if code is ErrorCode.FETCH_FAILED:
        assert {letter.attempt for letter in letters} == {*asked} == {TRIES[code]}
    assert house.now <= BEGAN + timedelta(seconds=deadline_s)
    assert sum(_name(record) == DocumentFetched.__name__ for record in house.log.sent) == len(alive)


async def test_one_dead_host_halts_nothing() -> None:
    """However many of its addresses become dead letters in a row: it is one host, and no broken step."""
    house = House(outage_deadline_s=600)
    await house.play([await house.requested(f"https://dead.example/{n}") for n in range(MANY)])
    assert len(house.on(DLQ.name)) == MANY
    assert not house.brake.holds("fetching")


async def test_a_web_that_is_away_halts_the_step() -> None:
    """When no host answers, however many are asked, it is not the hosts: what waits is not buried with them."""
    house = House()
    records = [await house.requested(f"https://dead{n}.example/") for n in range(MANY)]
    async with played_until_halted(house, records):
        assert len(house.on(DLQ.name)) == BrakeLimits().run - 1


async def test_dead_links_of_one_tenant_halt_nothing_that_serves_another() -> None:
    """As many hosts as would halt the step are buried where an address of somebody else was just fetched."""
    house = House()
    alive = await house.requested("https://alive.example/", "other")
    await house.play([alive, *[await house.requested(f"https://dead{n}.example/") for n in range(MANY)]])
    assert len(house.on(DLQ.name)) == MANY
    assert not house.on(OPERATIONS.name)


async def test_dead_links_hold_up_another_tenant_for_one_rest() -> None:
    """Where nobody else was at it they halt the step; an address that comes then is fetched before all of theirs."""
    house = House()
    records = [await house.requested(f"https://dead{n}.example/") for n in range(30)]
    async with played_until_halted(house, records):
        ahead = [house.settle(await house.requested(f"https://dead{n}.example/")) for n in range(30, 35)]
        other = house.settle(await house.requested("https://alive.example/", "other"))
        await asyncio.sleep(0.05)
        assert not other.done()
        house.clock += BrakeLimits().probe_after_s
        house.brake._wake()
        async with asyncio.timeout(60):
            assert await other == "done"
            assert set(await asyncio.gather(*ahead)) == {"retry"}
        assert not house.brake.holds("fetching")


async def test_a_store_that_is_away_is_waited_for_in_place() -> None:
    """Every address would meet it: none is fetched again and again while nothing can be stored."""
    house = House()
    record = await house.requested("https://alive.example/")

    async def put(*_: object) -> Blob:
        raise StepFailure(ErrorCode.BREAKER_OPEN, "blobs is not called", retry_after_s=60, breaker="blobs")

    house.step._claims.put = put
    settling = asyncio.create_task(house.settler.settle(house.step, record))
    await asyncio.sleep(0.05)
    assert not settling.done()
    assert house.web.asked[str(parse("https://alive.example/"))] == 1
    assert not house.on(*TIERS)
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)


async def test_storing_that_takes_too_long_is_an_outage_of_ours() -> None:
    """The far server has answered: no attempt is used up, and nothing is held against it."""
    house = House()
    record = await house.requested("https://alive.example/")

    async def put(*_: object) -> Blob:
        await asyncio.Event().wait()
        raise AssertionError

    house.step._claims.put = put
    house.step.timeout_s = 0.05
    await house.settler.settle(house.step, record)
    (state,) = [state for sent in house.on(*TIERS) if (state := retry_state(sent))]
    assert (state.code, state.attempt, state.waits) == (ErrorCode.BLOB_UNAVAILABLE, 0, 1)
    assert all(shown.failures == 0 for shown in house.breakers.shown())
