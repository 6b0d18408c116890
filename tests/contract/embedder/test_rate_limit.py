"""One suite for the shared limit: the one in memory and the one in Postgres must keep the same promises."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from support.limits import InMemoryRateLimit

from muniment.producers.embedding.rate_limit import Bucket, RateLimit
from muniment.producers.embedding.rate_limit_postgres import PostgresRateLimit
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

Sleep = Callable[[float], Awaitable[None]]
Make = Callable[[Bucket, Sleep], RateLimit]
SLOW = Bucket(1, patience_s=1000)
"""Of a minute for each request: that a machine stands still for a second is nothing beside it."""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=4) as made:
        yield made


@pytest.fixture(params=["memory", "postgres"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a limit of the kind under test."""
    if request.param == "memory":
        return lambda bucket, sleep: InMemoryRateLimit(bucket, sleep=sleep)
    pool = request.getfixturevalue("pool")
    return lambda bucket, sleep: PostgresRateLimit(pool, "embedding", bucket, sleep=sleep)


class Waits(list[float]):
    """Writes down how long callers were told to wait, and waits not at all."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


async def test_a_burst_goes_at_once(make: Make) -> None:
    """A full bucket lets its burst through without a wait."""
    waits = Waits()
    limit = make(Bucket(200), waits.sleep)
    for _ in range(Bucket(200).burst):
        await limit.acquire()
    assert waits == []


async def test_past_the_burst_callers_stand_in_line(make: Make) -> None:
    """Each further caller waits one refill longer than the one before."""
    waits = Waits()
    limit = make(SLOW, waits.sleep)
    await asyncio.gather(*(limit.acquire() for _ in range(SLOW.burst + 5)))
    assert len(waits) == 5
    # In which order they are told is the database's affair.
    steps = [later - earlier for earlier, later in itertools.pairwise(sorted(waits))]
    assert steps == pytest.approx([1 / SLOW.per_second] * 4, rel=0.4)


async def test_too_long_a_line_is_refused_and_costs_nothing(make: Make) -> None:
    """Beyond its patience the limit refuses with a time to come back, and the refused take nothing."""
    waits = Waits()
    bucket = replace(SLOW, patience_s=2.5 / SLOW.per_second)
    limit: Any = make(bucket, waits.sleep)
    results = await asyncio.gather(*(limit.acquire() for _ in range(20)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, StepFailure)]
    assert 20 - bucket.burst - len(refused) == len(waits) == 2
    assert {failure.code for failure in refused} == {ErrorCode.PROVIDER_RATE_LIMITED}
    assert {failure.retry_after_s for failure in refused} == {bucket.patience_s}
    limit._bucket = SLOW
    await limit.acquire()
    assert waits[-1] == pytest.approx(3 / bucket.per_second, rel=0.2), "the third in line"


async def test_more_than_can_ever_be_had_is_refused(make: Make) -> None:
    """A first request larger than burst and patience together is refused, not granted by accident."""
    limit = make(Bucket(60, patience_s=1), Waits().sleep)
    with pytest.raises(StepFailure):
        await limit.acquire(50)


async def test_the_bucket_refills(make: Make) -> None:
    """After a pause the wait is gone."""
    waits = Waits()
    bucket = Bucket(6000)
    limit = make(bucket, waits.sleep)
    await limit.acquire(bucket.burst)
    await asyncio.sleep(0.1)
    await limit.acquire(5)
    assert waits == []


async def test_workers_share_one_bucket(pool: "asyncpg.Pool[Any]") -> None:
    """Two workers with the same name take from the same bucket; another name has a bucket of its own."""
    waits = Waits()
    one, two, other = (PostgresRateLimit(pool, name, SLOW, sleep=waits.sleep) for name in ("a", "a", "b"))
    for _ in range(SLOW.burst):
        await one.acquire()
    await two.acquire()
    assert len(waits) == 1
    await other.acquire()
    assert len(waits) == 1


async def test_an_absent_database_blocks(pool: "asyncpg.Pool[Any]") -> None:
    """Without the database nobody knows the count: callers are told to wait in place."""
    limit = PostgresRateLimit(pool, "embedding", Bucket(60))
    await pool.close()
    with pytest.raises(StepFailure) as caught:
        await limit.acquire()
    assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
