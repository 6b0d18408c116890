"""Rows with their moments in and out of tables: what is true now, and beside it what is past."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from muniment.projections.past_rows import keep
from muniment.projections.projection import Connection
from muniment.projections.ranged import Past, Rows
from muniment.projections.upsert import upsert

_OF_NOW = frozenset({"ordered_at"})
"""Columns that only folding needs."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of rows that are true now; `past_` and its name is that of the others.

    Attributes:
        name: Its name.
        key: Two or more columns that name a row.

    """

    name: str
    key: tuple[str, ...]


async def save(
    connection: Connection,
    schema: str,
    tables: Mapping[type, Table],
    changes: Iterable[tuple[Rows, Rows]],
    past: Sequence[Past],
) -> None:
    """Write what was changed, each change as the rows before and after it, and what it ended."""
    new, gone = list[Any](), list[Any]()
    for before, after in changes:
        new += [row for name, row in after.items() if before.get(name) != row]
        gone += [row for name, row in before.items() if name not in after]
    for cls, table in tables.items():
        await _delete(connection, f"{schema}.{table.name}", table.key, [row for row in gone if isinstance(row, cls)])
        await upsert(connection, f"{schema}.{table.name}", table.key, [row for row in new if isinstance(row, cls)])
        ended = [(one.row, one.until) for one in past if isinstance(one.row, cls)]
        await keep(connection, schema, f"past_{table.name}", ended, _OF_NOW)


async def _delete(connection: Connection, table: str, key: tuple[str, ...], rows: Sequence[Any]) -> None:
    if rows:
        named = " and ".join(f"{column} = ${number}" for number, column in enumerate(key, 1))
        # The names are this code's own.
        await connection.executemany(f"delete from {table} where {named}", list(map(attrgetter(*key), rows)))  # noqa: S608
