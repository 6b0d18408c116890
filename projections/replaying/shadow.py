"""The schemas that are not live: those being filled, those kept after a switch or for a look, and how they go.

None of them is followed, so nobody tells them that a document was erased: an erasure takes it out of each of them (see
`stream_apps.erasing.read_models`).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from muniment.projections import live
from muniment.projections.batch import Place
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying import skips

SCRATCH = "scratch"
"""Why a schema is there that only a comparison needs; it goes with it, or with the next one after a crash."""
REPLACED, PARTIAL = "replaced", "partial"
_LOCK_WAIT = "100ms"
"""A switch or a drop that has to wait for readers gives up after this, for others queue behind it; it tries again."""
_TRIES = 600
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_BYTES = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c join pg_namespace n
on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('r', 'm')
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A schema that is not live. `why` is replaced, partial, scratch or unfinished; `size` is bytes on disk."""

    schema: str
    projection: str
    version: int
    why: str
    since: datetime
    size: int


async def target(
    connection: Connection, projection: Projection, *, anew: bool = False, passed: Collection[Place] = frozenset()
) -> str:
    """The schema to fill: what an interrupted replay of this version has begun, or a new one.

    What was begun is gone on with only where it has treated everything behind it as a replay that passes by `passed`
    would, and only where it is known what it passed by.
    """
    async with connection.transaction():
        row = await connection.fetchrow("select * from read.rebuilds where projection = $1", projection.name)
        known = row is not None and row["version"] == projection.version and row["passed"] is not None
        if known and not anew and not await skips.changed_behind(connection, projection.name, passed):
            await skips.note(connection, projection.name, passed)
            return str(row["schema"])
        if row is not None:
            await connection.execute(f"drop schema if exists {row['schema']} cascade")
        schema = await free_name(connection, live.first_schema(projection))
        await live.create(connection, projection, schema)
        await connection.execute(
            "insert into read.rebuilds values ($1, $2, $3, now()) on conflict (projection) do update"
            " set version = excluded.version, schema = excluded.schema, started_at = excluded.started_at",
            projection.name,
            projection.version,
            schema,
        )
        await skips.note(connection, projection.name, passed)
        return schema


async def beside(connection: Connection, projection: Projection, why: str) -> str:
    """A new schema that will never be switched to."""
    async with connection.transaction():
        schema = await free_name(connection, f"{live.first_schema(projection)}_{why}")
        await live.create(connection, projection, schema)
        await keep(connection, projection, schema, why)
        return schema


async def keep(connection: Connection, projection: Projection, schema: str, why: str, version: int = 0) -> None:
    """Note that a schema is there, until somebody drops it."""
    await connection.execute(
        "insert into read.kept values ($1, $2, $3, $4, now()) on conflict (schema) do nothing",
        schema,
        projection.name,
        version or projection.version,
        why,
    )


async def free_name(connection: Connection, first: str) -> str:
    """The name, or the first of it with a number that no schema has."""
    names = {r["nspname"] for r in await connection.fetch("select nspname from pg_namespace")}
    if first not in names:
        return first
    number = 2
    while f"{first}_{number}" in names:
        number += 1
    return f"{first}_{number}"


async def kept(connection: Connection) -> list[Kept]:
    """Every schema that is not live."""
    await live.ensure_pointer(connection)
    rows = await connection.fetch(
        "select schema, projection, version, why, kept_at from read.kept union all"
        " select schema, projection, version, 'unfinished', started_at from read.rebuilds order by 2, 1"
    )
    return [
        Kept(row[0], row[1], row[2], row[3], row[4], await connection.fetchval(_BYTES, row["schema"])) for row in rows
    ]


async def _unrecorded() -> None:
    """Of what was never read nobody has to know."""


async def drop(
    connection: Connection,
    schema: str,
    *,
    tries: int = _TRIES,
    recorded: Callable[[], Awaitable[None]] = _unrecorded,
) -> bool:
    """Remove a schema that is not live; false when readers were in it all the while.

    Readers that began before the switch may still be in it: they are waited for, but nobody waits behind this.
    `recorded` puts it on the record, before it is so: what that raises leaves the schema in place.
    """
    if not _NAME.match(schema):
        raise ValueError(f"{schema!r} is no schema name")
    for _ in range(tries):
        try:
            async with connection.transaction():
                if await connection.fetchval("select exists (select from read.live where schema = $1)", schema):
                    raise ValueError(f"{schema} is live")
                await connection.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
                await connection.execute(f"drop schema if exists {schema} cascade")
                await connection.execute("delete from read.kept where schema = $1", schema)
                await connection.execute("delete from read.rebuilds where schema = $1", schema)
                await recorded()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(0.1)
        else:
            return True
    return False
