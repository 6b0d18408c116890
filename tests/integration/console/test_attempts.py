"""How often signing in may go wrong, counted on Postgres by several instances."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from muniment.api import attempts
from muniment.api.attempts import ALL, EACH, PostgresAttempts

START = datetime(2026, 11, 22, 10, 0, 20, tzinfo=UTC)
HERE = "192.0.2.0/24"


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The same for both instances."""
    return Clock()


@pytest.fixture
async def instances(database_url: str, clock: Clock) -> AsyncIterator[list[PostgresAttempts]]:
    """Two, each with connections of its own."""
    async with (
        asyncpg.create_pool(database_url, min_size=1) as one,
        asyncpg.create_pool(database_url, min_size=1) as two,
    ):
        yield [PostgresAttempts(one, clock), PostgresAttempts(two, clock)]


async def test_what_goes_wrong_at_one_instance_counts_at_the_other(
    instances: list[PostgresAttempts], clock: Clock
) -> None:
    """Ten from a network in a minute, wherever they come to; other networks go on, and so does the next minute."""
    taken = [await instances[number % 2].take(HERE) for number in range(EACH)]
    assert taken == [0] * EACH
    assert [await one.take(HERE) for one in instances] == [40, 40]
    assert await instances[0].take("198.51.100.0/24") == 0
    clock.now += timedelta(seconds=40)
    assert await instances[1].take(HERE) == 0


async def test_no_more_pass_when_they_come_at_once(instances: list[PostgresAttempts]) -> None:
    """Fifty at the same moment are as many as fifty one after the other."""
    waits = await asyncio.gather(*(instances[number % 2].take(HERE) for number in range(50)))
    assert waits.count(0) == EACH


async def test_who_is_right_is_not_counted(instances: list[PostgresAttempts]) -> None:
    """Somebody who signs in all day never has to wait."""
    for number in range(EACH + 5):
        assert await instances[number % 2].take(HERE) == 0
        await instances[(number + 1) % 2].give_back(HERE)


async def test_all_networks_together_are_bounded_and_forgotten(
    instances: list[PostgresAttempts], clock: Clock, database_url: str
) -> None:
    """Whoever has many networks gets no further, and of minutes that are long over nothing stays."""
    there = await asyncpg.connect(database_url)
    fill = "insert into muniment_access.sign_in_attempts select $1, n::text, 1 from generate_series(1, $2) n"
    await there.execute(fill, attempts._minute(START), ALL)
    assert await instances[0].take(HERE) == 40
    clock.now += timedelta(minutes=1)
    assert await instances[1].take(HERE) == 0
    clock.now += timedelta(minutes=6)
    assert await instances[1].take(HERE) == 0
    assert await there.fetchval("select count(*) from muniment_access.sign_in_attempts") == 1
    await there.close()
