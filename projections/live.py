"""Which schema of a projection is live, and the stable views in schema `read` that lead to it.

`read.live` is the pointer. A switch repoints the views and the pointer in one transaction, so that a reader sees
either the old tables or the new ones.
"""

import re

from muniment.projections import checkpoint
from muniment.projections.projection import Connection, Projection

_LOCK = 0x6D756E72656164
"""The advisory lock ("munread") under which schemas are made and switched."""

_POINTER = """
create schema if not exists read;
create table if not exists read.live (
    projection text primary key, version integer not null, schema text not null, switched_at timestamptz not null
);
create table if not exists read.rebuilds (
    projection text primary key, version integer not null, schema text not null, started_at timestamptz not null,
    passed text[]
);
create table if not exists read.kept (
    schema text primary key, projection text not null, version integer not null, why text not null,
    kept_at timestamptz not null
);
do $$ begin
    -- Asked first: to alter a table waits for whoever reads it (a backup, say), even where there is nothing to add.
    if not exists (select from pg_attribute where attrelid = 'read.rebuilds'::regclass and attname = 'passed') then
        alter table read.rebuilds add column passed text[];
    end if;
end $$;
"""
_INDEXES = "select indexname from pg_indexes where schemaname = $1"
_INDEX = re.compile(r"\bindex if not exists (\w+)", re.IGNORECASE)
_SAFE = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


def first_schema(projection: Projection) -> str:
    """The schema of a projection that was never rebuilt."""
    return f"{projection.name}_v{projection.version}"


async def live_schema(connection: Connection, name: str) -> str | None:
    """The schema readers see now; `None` before the first `ensure`."""
    found: str | None = await connection.fetchval("select schema from read.live where projection = $1", name)
    return found


async def ensure_pointer(connection: Connection) -> None:
    """Make the pointer tables. Safe side by side."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_POINTER)


async def ensure(connection: Connection, projection: Projection) -> str:
    """Make the projection's schema and views when there are none yet; the live schema. Safe side by side.

    An older version that is live stays so: a rebuild replaces it (see `outdated`).
    """
    await ensure_pointer(connection)
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        schema = await live_schema(connection, projection.name)
        if schema is not None:
            await _complete(connection, projection, schema)
            return schema
        schema = first_schema(projection)
        await create(connection, projection, schema)
        await index(connection, projection, schema)
        await point(connection, projection, schema)
        return schema


async def _complete(connection: Connection, projection: Projection, schema: str) -> None:
    """Make the views and indexes that a newer program wants of the same tables: they need no new version.

    Only where one is missing: even where there is nothing to make, `create index` waits for all who write. And all who
    write wait for it: an index that takes long to make, as those of chunks do, is a new version of its projection.
    """
    if await outdated(connection, projection):
        return
    made = {row["indexname"] for row in await connection.fetch(_INDEXES, schema)}
    if not set(_INDEX.findall(projection.index_sql)) <= made:
        await index(connection, projection, schema)
    there = {
        row["viewname"] for row in await connection.fetch("select viewname from pg_views where schemaname = 'read'")
    }
    if not projection.views.keys() <= there:
        await point(connection, projection, schema)


async def outdated(connection: Connection, projection: Projection) -> bool:
    """Whether what is live was folded by an older version of the projection, and has to be rebuilt."""
    version = await connection.fetchval("select version from read.live where projection = $1", projection.name)
    return version is not None and version < projection.version


async def create(connection: Connection, projection: Projection, schema: str) -> None:
    """Make the tables of a projection in a schema, without the indexes that wait for the load."""
    if not _SAFE.match(schema):
        raise ValueError(f"{schema!r} is no schema name")
    await connection.execute(f"create schema if not exists {schema}")
    await connection.execute((checkpoint.TABLE + projection.schema_sql).replace("{schema}", schema))


async def index(connection: Connection, projection: Projection, schema: str) -> None:
    """Make the indexes that wait for the load, where they are missing."""
    if projection.index_sql:
        await connection.execute(projection.index_sql.replace("{schema}", schema))


def views(projection: Projection, schema: str) -> dict[str, str]:
    """The views that lead readers to a schema: name in schema `read` to query."""
    every = {**projection.views, f"{projection.name}_checkpoints": "select * from {schema}.checkpoints"}
    return {name: query.replace("{schema}", schema) for name, query in every.items()}


async def point(connection: Connection, projection: Projection, schema: str) -> None:
    """Point the views and the pointer at a schema; inside the caller's transaction.

    Views are dropped and made again rather than replaced, because a new version may have other columns.
    """
    every = views(projection, schema)
    statements = [f"drop view if exists read.{name}" for name in every]
    statements += [f"create view read.{name} as {query}" for name, query in every.items()]
    await connection.execute(";\n".join(statements))
    await connection.execute(
        "insert into read.live values ($1, $2, $3, now()) on conflict (projection) do update"
        " set version = excluded.version, schema = excluded.schema, switched_at = excluded.switched_at",
        projection.name,
        projection.version,
        schema,
    )
