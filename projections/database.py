"""Connections for folds: one to a runner, held, because a pool's reset costs a round trip a batch."""

import asyncpg

from muniment.projections.projection import Connection


async def connect(database_url: str, name: str) -> Connection:
    """A connection that says who it is. Statements here are small: just-in-time compilation only adds to them."""
    return await asyncpg.connect(
        database_url, timeout=10, server_settings={"application_name": f"muniment {name}", "jit": "off"}
    )
