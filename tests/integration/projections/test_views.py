"""The views of every read model are recognised as the projection's own, until one is changed."""

import asyncpg
from projected_story import DIMENSIONS

from muniment.projections import live
from muniment.projections.registry import PROJECTIONS, projection
from muniment.projections.replaying import shadow
from muniment.projections.verifying.views import changed_views


async def test_every_view_is_known_and_a_lost_or_changed_one_is_named(pool: asyncpg.Pool) -> None:
    """Of each read model none is named at first, then exactly the one that was replaced; nothing is left behind."""
    async with pool.acquire() as connection:
        for name in PROJECTIONS:
            made = projection(name, DIMENSIONS)
            await live.ensure(connection, made)
            scratch = await shadow.beside(connection, made, shadow.SCRATCH)
            assert await changed_views(connection, made, scratch) == ()
            view = f"{name}_checkpoints"
            await connection.execute(f"drop view read.{view}")
            assert await changed_views(connection, made, scratch) == (view,)
            await connection.execute(f"create view read.{view} as select * from {scratch}.checkpoints")
            assert await changed_views(connection, made, scratch) == (view,)
            left = await connection.fetchval("select count(*) from pg_views where schemaname = $1", scratch)
            assert left == 0
