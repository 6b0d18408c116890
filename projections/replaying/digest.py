"""Row hashes and the digest of a table, made by Postgres, so that no row has to leave it.

A row's hash is SHA-256 of its columns as text under fixed settings; types whose text is long or slow are hashed as
their binary form first. A table's digest is SHA-256 over the sorted row hashes (in 256 buckets, by the first byte), so
it depends on the rows, repeated ones included, and not on their order; to find another table with the same digest is to
find a collision of SHA-256. Sorting spills to disk: memory does not grow with the table.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from muniment.projections.projection import Connection, Projection
from muniment.schemas.topics import Topic

_BINARY = {"halfvec": "halfvec_send", "vector": "vector_send", "tsvector": "tsvectorsend"}
"""Types that are hashed by what they are sent as: the text of a vector costs more than everything else of its row."""
_SETTINGS = "set timezone to 'UTC'; set datestyle to 'ISO'; set bytea_output to 'hex'; set extra_float_digits to 1"
_COLUMNS = """
select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped order by a.attname
"""
_KEY = """
select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
where i.indrelid = $1::text::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)
"""
_DIGEST = """
select coalesce(sum(n), 0)::bigint as rows,
    encode(sha256(coalesce(string_agg(h, ''::bytea order by bucket), ''::bytea)), 'hex') as digest
from (
    select get_byte(h, 0) as bucket, count(*) as n, sha256(string_agg(h, ''::bytea order by h)) as h
    from (select {hash} as h from {table} x{where}) hashed group by 1
) buckets
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is compared of a table: its key, and all columns but those that are not functions of the log."""

    table: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def row_hash(self) -> str:
        """The SQL of a row's hash, for a table aliased `x`."""
        parts = [_expression(name, kind) for name, kind in self.columns.items()]
        return f"sha256(convert_to(row({', '.join(parts)})::text, 'UTF8'))"


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and the digest of them in hexadecimal."""

    rows: int
    digest: str


async def canonical(connection: Connection) -> None:
    """Let this session write times, bytes and numbers as text in one way, whatever the server's settings are."""
    await connection.execute(_SETTINGS)


async def shapes(
    connection: Connection, projection: Projection, schema: str, cut_short: Collection[str] = ()
) -> tuple[Shape, ...]:
    """What is compared of each table. `cut_short` are the topics that have lost their first records to retention."""
    whole = [t for t in projection.tables if not _faded(projection.fading.get(t, ()), cut_short)]
    return tuple([await _shape(connection, projection, schema, table, cut_short) for table in whole])


def _faded(topics: Iterable[Topic], cut_short: Collection[str]) -> bool:
    return any(topic.name in cut_short for topic in topics)


async def _shape(
    connection: Connection, projection: Projection, schema: str, table: str, cut_short: Collection[str]
) -> Shape:
    found = {r["name"]: r["type"] for r in await connection.fetch(_COLUMNS, f"{schema}.{table}")}
    out = {name for name in found if f"{table}.{name}" in projection.not_from_log}
    for column, topics in projection.fading.items():
        if column.startswith(f"{table}.") and _faded(topics, cut_short):
            out.add(column.removeprefix(f"{table}."))
    columns = {name: kind for name, kind in found.items() if name not in out}
    key = projection.keys.get(table) or tuple(
        [r["name"] for r in await connection.fetch(_KEY, f"{schema}.{table}")] or columns
    )
    return Shape(table, key, columns, tuple(sorted(out)))


async def digest(connection: Connection, schema: str, shape: Shape, where: str = "", *given: object) -> TableDigest:
    """The digest of a table, or of the rows for which the condition (on alias `x`) holds."""
    condition = f" where {where}" if where else ""
    sql = _DIGEST.format(hash=shape.row_hash, table=f"{schema}.{shape.table}", where=condition)
    row = await connection.fetchrow(sql, *given)
    return TableDigest(row["rows"], row["digest"])


async def fingerprint(connection: Connection, projection: Projection, schema: str) -> dict[str, TableDigest]:
    """The digests of all tables of a projection that are compared."""
    await canonical(connection)
    return {s.table: await digest(connection, schema, s) for s in await shapes(connection, projection, schema)}


def quoted(names: Sequence[str]) -> str:
    """Columns as a list for SQL, of the table aliased `x`."""
    return ", ".join(f'x."{name}"' for name in names)


def _expression(name: str, kind: str) -> str:
    return f'sha256({_BINARY[kind]}(x."{name}"))' if kind in _BINARY else f'x."{name}"'
