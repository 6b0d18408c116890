"""Which rows of two schemas of one projection differ: by key and column, never by value, which may be personal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from muniment.projections.projection import Connection
from muniment.projections.replaying.digest import Shape, quoted

How = Literal["changed", "added", "removed"]
_ROWS = """
select {key}, sum(live)::int as live, sum(log)::int as log, count(*) over () as total from (
    select {columns}, {hash} as h, 1 as live, 0 as log from {one} x{where}
    union all
    select {columns}, {hash} as h, 0 as live, 1 as log from {other} x{where}
) both_of_them group by {key}, h having sum(live) <> sum(log) order by {key} limit {most}
"""
_ROW = "select {columns} from {table} x where {where} order by {hash} limit 1"
_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
NAMED = 50
"""Rows of one table that are named one by one; beyond that they are counted."""


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that the live table has and the log does not say (`added`), the other way round, or with other values.

    Attributes:
        key: The row's key, columns to values as text.
        columns: Which columns differ, of a changed row.
        document_id: The document it is about, where it is about one.
        ids: All ids in it, of either side: records about it may bear one of them.

    """

    table: str
    how: How
    key: dict[str, str | None]
    columns: tuple[str, ...] = ()
    document_id: str | None = None
    ids: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """One line for a person."""
        key = ", ".join(f"{name}={value}" for name, value in self.key.items())
        which = f": {', '.join(self.columns)}" if self.columns else ""
        return f"{self.table} ({key}) was {self.how}{which}"


@dataclass(frozen=True, slots=True)
class TableDifferences:
    """The rows of a table that differ: `found` names the first ones, `total` counts all (a changed row once)."""

    table: str
    found: tuple[RowDifference, ...]
    total: int


async def row_differences(
    connection: Connection, live: str, log: str, shape: Shape, where: str = "", *given: object
) -> TableDifferences:
    """Compare two schemas' rows of one table, as this connection sees them.

    Args:
        connection: In a snapshot in which both have folded the same records.
        live: The schema that is examined.
        log: The schema that was folded from the log just now.
        shape: What is compared of the table.
        where: Only rows for which this condition on alias `x` holds.
        given: The parameters of that condition.

    """
    key = ", ".join(f'"{name}"' for name in shape.key)
    sql = _ROWS.format(
        key=key,
        columns=quoted(shape.key),
        hash=shape.row_hash,
        one=f"{live}.{shape.table}",
        other=f"{log}.{shape.table}",
        where=f" where {where}" if where else "",
        most=2 * NAMED,
    )
    rows = await connection.fetch(sql, *given)
    sides: dict[tuple[Any, ...], tuple[int, int]] = {}
    for row in rows:
        identity = tuple(row[name] for name in shape.key)
        before = sides.get(identity, (0, 0))
        sides[identity] = before[0] + row["live"], before[1] + row["log"]
    found = [await _named(connection, (live, log), shape, i, at) for i, at in list(sides.items())[:NAMED]]
    total = len(sides) if len(rows) < 2 * NAMED else rows[0]["total"]
    return TableDifferences(shape.table, tuple(found), total)


async def _named(
    connection: Connection, schemas: tuple[str, str], shape: Shape, identity: tuple[Any, ...], sides: tuple[int, int]
) -> RowDifference:
    one, other = [await _row(connection, schema, shape, identity) for schema in schemas]
    about = one or other or {}
    told = {name: about.get(name) for name in shape.key}
    if not sides[1] or (one and other and sides[0] > sides[1]):
        how: How = "added"
    elif not sides[0] or sides[1] > sides[0]:
        how = "removed"
    else:
        how = "changed"
    columns = [n for n in shape.columns if one and other and one[n] != other[n]] if how == "changed" else []
    ids = {text for side in (one, other) for text in (side or {}).values() if text and _ID.match(text)}
    return RowDifference(shape.table, how, told, tuple(columns), about.get("document_id"), frozenset(ids))


async def _row(
    connection: Connection, schema: str, shape: Shape, identity: Sequence[Any]
) -> dict[str, str | None] | None:
    given = [value for value in identity if value is not None]
    known = dict(zip(shape.key, identity, strict=True))
    numbers = iter(range(1, len(given) + 1))
    conditions = [
        f'x."{name}" is null' if value is None else f'x."{name}" = ${next(numbers)}' for name, value in known.items()
    ]
    sql = _ROW.format(
        columns=", ".join(f'x."{name}"::text as "{name}"' for name in shape.columns),
        table=f"{schema}.{shape.table}",
        where=" and ".join(conditions),
        hash=shape.row_hash,
    )
    row = await connection.fetchrow(sql, *given)
    return dict(row) if row else None
