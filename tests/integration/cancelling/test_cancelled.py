"""What a process knows of cancelled jobs, on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from muniment.stream_apps.cancelled import Cancelled


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=3) as made:
        yield made


async def cancel(connection: Any, job: UUID, ago: str = "0 s") -> None:
    """What a decider writes."""
    await connection.execute(
        "insert into muniment_deciding.cancelled (job_id, tenant, document_id, version, cancelled_at)"
        " values ($1, 'acme', $1, 1, now() - $2::text::interval)",
        job,
        ago,
    )


async def test_a_cancellation_is_known_within_the_interval(pool: Any) -> None:
    """Whoever waits for it is woken; whoever waits for another job goes on waiting."""
    old, job, other = uuid4(), uuid4(), uuid4()
    await cancel(pool, old, "10 days")
    async with Cancelled(pool, every_s=0.05) as cancelled:
        assert cancelled.is_cancelled(old)
        assert not cancelled.is_cancelled(job)
        waiting = [asyncio.create_task(cancelled.wait(one)) for one in (job, job, other)]
        await asyncio.sleep(0)
        await cancel(pool, job)
        async with asyncio.timeout(60):
            await asyncio.gather(*waiting[:2])
            await cancelled.wait(job)
        assert cancelled.is_cancelled(job)
        assert not waiting[2].done()
        waiting[2].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not cancelled._waiting


async def test_a_decision_that_was_slow_to_commit_is_not_missed(pool: Any) -> None:
    """It bears the time at which it began, when another one that began later had been seen already."""
    slow, quick = uuid4(), uuid4()
    cancelled = Cancelled(pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await cancel(connection, slow)
        await asyncio.sleep(0.02)
        await cancel(pool, quick)
        await cancelled.refresh()
        assert cancelled.is_cancelled(quick)
        assert not cancelled.is_cancelled(slow)
        await transaction.commit()
    await cancelled.refresh()
    assert cancelled.is_cancelled(slow)


async def test_what_is_known_stays_known_without_postgres(pool: Any) -> None:
    """Neither asking nor looking fails; when it is back, looking goes on."""
    before, after = uuid4(), uuid4()
    await cancel(pool, before)
    async with Cancelled(pool, every_s=0.05) as cancelled:
        fetch = cancelled._pool.fetch

        async def away(*_: object) -> None:
            raise ConnectionRefusedError

        cancelled._pool = type("Away", (), {"fetch": staticmethod(away)})
        await cancel(pool, after)
        await asyncio.sleep(0.2)
        assert cancelled.is_cancelled(before)
        assert not cancelled.is_cancelled(after)
        cancelled._pool = type("Back", (), {"fetch": staticmethod(fetch)})
        async with asyncio.timeout(60):
            await cancelled.wait(after)
