"""What a person is told before letters are redriven or discarded: the reads in memory and the ones in Postgres."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest
from support.operation_reads import FakeOperationReads
from support.redriving import dead
from support.toy_step import job

from muniment.api.operation_reads.port import OperationReads
from muniment.api.operation_reads.postgres import PostgresOperationReads
from muniment.projections.dead_letters.projection import DeadLetters
from muniment.projections.dead_letters.queries import MOST_GROUPS, DeadLetterFilter
from muniment.projections.prepare import prepare

CAUSES = MOST_GROUPS + 1
Bury = Callable[[int, str], Awaitable[None]]
"""Bury so many letters of a cause, of the tenant "acme"."""


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(8)


@pytest.fixture(params=["memory", "postgres"])
async def reads(request: pytest.FixtureRequest) -> AsyncIterator[tuple[OperationReads, Bury]]:
    """The reads, and what buries letters behind them."""
    if request.param == "memory":
        memory = FakeOperationReads()

        async def add(count: int, cause: str) -> None:
            memory.add_letters(count, fingerprint=cause)

        yield memory, add
        return
    for fixture in ("read_models", "database_url"):
        request.getfixturevalue(fixture)
    address = request.getfixturevalue("database_url")
    schema = (await prepare(address, 8))["dead_letters"]
    async with asyncpg.create_pool(address, min_size=1, max_size=4) as pool:
        buried = 0

        async def bury(count: int, cause: str) -> None:
            nonlocal buried
            records = []
            for _ in range(count):
                made = dead(buried, fingerprint=cause, record=job("acme"))
                records.append(replace(made, partition=0, offset=buried, timestamp_ms=buried))
                buried += 1
            async with pool.acquire() as connection, connection.transaction():
                await DeadLetters().apply(connection, schema, records)

        yield PostgresOperationReads(pool), bury


async def test_letters_of_all_causes_are_counted(reads: tuple[OperationReads, Bury]) -> None:
    """Some of very many causes are named; the count is that of all, narrowed as the causes are."""
    found, bury = reads
    for number in range(CAUSES):
        await bury(2, f"{number:016x}")
    every, one = DeadLetterFilter(statuses=("waiting",)), DeadLetterFilter(fingerprint=f"{3:016x}")
    assert len(await found.dead_letter_groups(["acme"], every)) == MOST_GROUPS
    assert await found.dead_letters_counted(["acme"], every) == 2 * CAUSES
    assert [group.letters for group in await found.dead_letter_groups(["acme"], one)] == [2]
    assert await found.dead_letters_counted(["acme"], one) == 2
    assert await found.dead_letters_counted(["acme"], DeadLetterFilter(statuses=("discarded",))) == 0
    assert await found.dead_letters_counted(["umbrella"], DeadLetterFilter()) == 0
