"""Rows that are not true any more, on their way into a table of the past."""

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from muniment.projections.projection import Connection
from muniment.projections.upsert import many
from muniment.projections.validity import Moment

OF_NOW = frozenset({"ordered_at", "erased_at"})
"""Columns that only folding needs, and only of the row as it is now."""
_FEW = 16
"""Up to so many rows, a statement is quicker than the preparation of a COPY."""


def ranges(table: str, where: str = "true") -> str:
    """The query behind a view of all that a table said and says, `to_at` being null for what it says now."""
    open_end = 'null::timestamptz as to_at, null::text collate "C" as to_place'
    # Names of this code's own.
    return (
        f"select *, {open_end} from {{schema}}.{table} where {where}"  # noqa: S608
        f" union all select * from {{schema}}.past_{table} where {where}"
    )


async def keep(
    connection: Connection,
    schema: str,
    table: str,
    rows: Sequence[tuple[Any, Moment]],
    of_now: frozenset[str] = OF_NOW,
) -> None:
    """Write rows of one dataclass, without the columns `of_now`, each with the moment up to which it was true."""
    if not rows:
        return
    cls: type = type(rows[0][0])
    names = columns_of(cls, of_now)
    records = [told + until for told, (_, until) in zip(many([row for row, _ in rows], names), rows, strict=True)]
    if len(rows) > _FEW:
        await connection.copy_records_to_table(
            table, schema_name=schema, columns=(*names, "to_at", "to_place"), records=records
        )
        return
    await connection.executemany(_statement(f"{schema}.{table}", names), records)


@cache
def columns_of(cls: type, of_now: frozenset[str] = OF_NOW) -> tuple[str, ...]:
    """The columns of the past: those of the table itself, but for what only folding needs."""
    return tuple(f.name for f in fields(cls) if f.name not in of_now)


@cache
def _statement(table: str, names: tuple[str, ...]) -> str:
    columns = ", ".join([f'"{name}"' for name in names] + ["to_at", "to_place"])
    places = ", ".join(f"${number}" for number in range(1, len(names) + 3))
    # The names are this code's own: a table of a checked schema and the fields of a class.
    return f"insert into {table} ({columns}) values ({places})"  # noqa: S608
