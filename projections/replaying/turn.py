"""One replay of a projection at a time, whoever starts them and wherever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from muniment.projections.projection import Connection

TURN_S = 10.0


class Underway(Exception):
    """Another replay of this projection runs."""


@asynccontextmanager
async def turn(connection: Connection, projection: str, *, patient: bool) -> AsyncIterator[None]:
    """Hold the projection's turn on this connection; `patient`: however long that takes. Raises `Underway`."""
    # Of a replay that was killed, the server lets go a moment later.
    name, waited = f"muniment replay {projection}", 0.0
    while not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", name):
        if waited >= TURN_S and not patient:
            raise Underway(projection)
        await asyncio.sleep(0.2)
        waited += 0.2
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock(hashtext($1))", name)
