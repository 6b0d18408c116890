"""Changes what a version of a read model holds that nobody reads, and that a replay may be filling just now."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from muniment.producers.postgres import database

_LIVE = "select exists (select from read.live where schema = $1)"
LOCK_WAIT = "20s"
"""How long the batch of a replay is waited for; past that all of it is tried again."""
_GONE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


async def in_unread(pool: Any, schema: str, statements: Sequence[str], *given: object) -> int:
    """Carry out statements, all with the same arguments, on a schema of the catalogue; the rows that they concerned.

    A schema that readers were led to meanwhile, or that was dropped, is left alone.

    Raises:
        StepFailure: `database_unavailable`, also when a batch of a replay takes too long.

    """
    rows = 0
    async with database(), pool.acquire() as connection:
        try:
            async with connection.transaction():
                await connection.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
                # A replay holds rows of it from before it looks up keys until what it read with them is committed
                # (`projections.replaying.load`). So what was decoded while the keys were there can be seen below, and
                # what is decoded after this finds none.
                await connection.execute(f'lock table "{schema}".checkpoints in exclusive mode')
                if await connection.fetchval(_LIVE, schema):
                    # Readers were led to it a moment ago: it has folded what the one before it had.
                    return 0
                for statement in statements:
                    rows += int((await connection.execute(statement, *given)).rsplit(" ", 1)[1])
        except _GONE:
            # Dropped since it was found.
            return 0
    return rows
