"""Whether the outbox is on has to be known when the log, where that is said, is away."""

import asyncio
from typing import Any

import asyncpg
from support.operations import MemoryOperations

from muniment.infra.remembered import Remembered
from muniment.schemas.operations import FlagChanged

ON = FlagChanged(flag="outbox", value=True, reason="the broker is to be moved")


async def test_what_was_heard_is_known_without_the_log(database_url: str) -> None:
    """Heard by one process; one that starts while nothing can be read takes it for so; what the log says then holds."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        heard = MemoryOperations()
        async with Remembered(pool, heard, "outbox").listening() as is_on:
            assert not is_on()
            await heard.say(ON)
            assert is_on()
            async with asyncio.timeout(60):
                while not await _written(pool):  # noqa: ASYNC110 - the table tells nobody
                    await asyncio.sleep(0.02)
        deaf = MemoryOperations()
        deaf.caught_up.clear()
        async with Remembered(pool, deaf, "outbox").listening() as is_on:
            assert is_on()
            deaf.caught_up.set()
            assert not is_on(), "the log says that nobody ever set it"


async def _written(pool: Any) -> bool:
    return bool(await pool.fetchval("select value from muniment_access.remembered_flags where flag = 'outbox'"))
