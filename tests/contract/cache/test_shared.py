"""What the shared layer of the cache promises, of the one in memory that unit tests use and of the real one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from support.caching import MemoryShared

from muniment.api.caching.shared import PostgresShared, Shared, Stored
from muniment.projections.generations import raised
from muniment.projections.prepare import prepare


@dataclass
class Layer:
    """A shared layer, and what changes a tenant's read models behind its back."""

    shared: Shared
    change: Callable[[str], Awaitable[None]]

    async def answer(self, name: bytes, tenant: str = "acme", value: bytes = b"v") -> Stored:
        """An answer of the tenant's generation now."""
        generation = (await self.shared.generations([tenant]))[tenant]
        return Stored(name, tenant, "test", generation, value, [uuid4()])


@pytest.fixture(params=["memory", "postgres"])
async def layer(request: pytest.FixtureRequest) -> AsyncIterator[Layer]:
    """Each of the two."""
    if request.param == "memory":
        memory = MemoryShared()

        async def change(tenant: str) -> None:
            memory.changes[tenant] += 1

        yield Layer(memory, change)
        return
    url = request.getfixturevalue("database_url")
    await prepare(url, 8)
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:

        async def fold(tenant: str) -> None:
            async with pool.acquire() as connection, connection.transaction():
                await raised(connection, [tenant])

        yield Layer(PostgresShared(pool), fold)


async def test_what_is_kept_is_found_by_its_name_until_it_is_replaced(layer: Layer) -> None:
    """An answer is found under its name alone, and the later of two of one name counts."""
    assert await layer.shared.fetch(b"a") is None
    await layer.shared.store(await layer.answer(b"a"))
    await layer.shared.store(await layer.answer(b"b", value=b"other"))
    await layer.shared.store(await layer.answer(b"a", value=b"later"))
    assert (await layer.shared.fetch(b"a"), await layer.shared.fetch(b"b")) == (b"later", b"other")


async def test_a_generation_is_one_tenants_and_only_a_change_moves_it(layer: Layer) -> None:
    """The same text twice means that nothing changed; a change of one tenant is none of another."""
    before = await layer.shared.generations(["acme", "umbrella"])
    assert await layer.shared.generations(["acme", "umbrella"]) == before
    await layer.change("acme")
    after = await layer.shared.generations(["acme", "umbrella"])
    assert (after["acme"] != before["acme"], after["umbrella"]) == (True, before["umbrella"])


async def test_what_a_change_has_overtaken_does_not_come_in(layer: Layer) -> None:
    """An answer of a generation that is over is not kept: it may hold what was just erased."""
    answer = await layer.answer(b"a")
    await layer.change("acme")
    await layer.shared.store(answer)
    assert await layer.shared.fetch(b"a") is None


async def test_sweeping_takes_what_does_not_hold_any_more_and_nothing_else(layer: Layer) -> None:
    """Answers of generations that are over go; those that hold, and those that depend on none, stay."""
    await layer.shared.store(await layer.answer(b"old"))
    await layer.shared.store(Stored(b"lasting", "acme", "test", "", b"v"))
    await layer.change("acme")
    await layer.shared.store(await layer.answer(b"new"))
    await layer.shared.sweep()
    found = [await layer.shared.fetch(name) for name in (b"old", b"new", b"lasting")]
    assert found == [None, b"v", b"v"]


async def test_an_answer_is_kept_for_its_time(database_url: str) -> None:
    """What is older than its time is not given, and is removed by the next sweep."""
    await prepare(database_url, 8)
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        shared = PostgresShared(pool, kept_for=timedelta(seconds=0))
        await shared.store(Stored(b"a", "acme", "test", "", b"v"))
        assert await shared.fetch(b"a") is None
        assert await pool.fetchval("select count(*) from muniment_caching.answers") == 1
        await shared.sweep()
        assert await pool.fetchval("select count(*) from muniment_caching.answers") == 0
