"""Which schema readers see, on real Postgres."""

import asyncpg

from muniment.projections import live
from muniment.projections.chunks.projection import Chunks
from muniment.projections.jobs.projection import Jobs


async def test_a_view_that_a_newer_program_reads_is_made(database_url: str) -> None:
    """A program that reads one more view of the same tables finds it, without a rebuild and with the same rows."""
    connection = await asyncpg.connect(database_url)
    try:
        chunks = Chunks(8)
        schema = await live.ensure(connection, chunks)
        await connection.execute(f"insert into {schema}.heads values ('t', gen_random_uuid(), 2, 1, 3)")
        await connection.execute("drop view read.search_heads")
        assert await live.ensure(connection, chunks) == schema
        assert await connection.fetchval("select version from read.search_heads") == 2
        assert await connection.fetchval("select count(*) from read.active_versions") == 1
    finally:
        await connection.close()


async def test_an_index_that_a_newer_program_wants_is_made(database_url: str) -> None:
    """Tables that were made without it get it when the program starts, without a rebuild."""
    connection = await asyncpg.connect(database_url)
    try:
        schema = await live.ensure(connection, Jobs())
        await connection.execute(f"drop index {schema}.jobs_ended")
        assert await live.ensure(connection, Jobs()) == schema
        assert await connection.fetchval("select to_regclass($1) is not null", f"{schema}.jobs_ended")
    finally:
        await connection.close()
