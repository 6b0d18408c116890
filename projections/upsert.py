"""Rows in and out of tables whose columns are the fields of a frozen dataclass, so that each is named once."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import asyncpg

from muniment.projections.projection import Connection

R = TypeVar("R")
_encoded = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


async def upsert(connection: Connection, table: str, key: tuple[str, ...], rows: Sequence[Any]) -> None:
    """Write rows of one dataclass, replacing those with the same key."""
    if not rows:
        return
    cls = type(rows[0])
    names = tuple(f.name for f in fields(cls))
    await connection.executemany(_statement(table, key, names), many(rows, names))


def values(row: Any, names: Iterable[str]) -> tuple[Any, ...]:
    """The columns of a row; a mapping becomes JSON with sorted keys, so that equal rows are equal as text."""
    return many([row], tuple(names))[0]


def many(rows: Sequence[Any], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The columns of rows of one dataclass, as `values`; a mapping that several rows share becomes JSON once."""
    if not rows:
        return []
    cls: type = type(rows[0])
    taken, mappings = _columns(cls, names)
    found: list[tuple[Any, ...]] = list(map(taken, rows))
    if not mappings:
        return found
    # By identity, which holds as long as the rows do.
    known = dict[int, str]()
    for number, columns in enumerate(found):
        out = list(columns)
        for place in mappings:
            value = out[place]
            if value:
                text = known.get(id(value))
                if text is None:
                    text = known[id(value)] = _encoded(value if type(value) is dict else dict(value))
                out[place] = text
            elif value is not None:
                out[place] = "{}"
        found[number] = tuple(out)
    return found


def built(cls: type[R], row: Mapping[str, Any], **more: Any) -> R:
    """The dataclass of a row, from the columns that are its fields; JSON columns come back as mappings.

    Raises:
        UndefinedColumnError: a column is not there that a field without a default needs: the table is of an older
            version. It is what Postgres says where columns are asked for by their names.

    """
    kind: type = cls
    columns = tuple(row.keys())
    lacking = _lacking(kind, columns, tuple(more))
    if lacking:
        raise asyncpg.UndefinedColumnError(f"no column for {', '.join(lacking)} of {kind.__name__}")
    plain, mappings = _fields(kind, columns)
    found = {name: row[name] for name in plain}
    for name in mappings:
        value = row[name]
        found[name] = json.loads(value) if isinstance(value, str) else value
    return cls(**found, **more)


@cache
def _lacking(cls: type, columns: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The fields without a default that are neither among a row's columns nor given besides."""
    needed = (f.name for f in fields(cls) if f.init and f.default is MISSING and f.default_factory is MISSING)
    return tuple(name for name in needed if name not in columns and name not in more)


@cache
def _fields(cls: type, columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields that are among a row's columns: those taken as they are, and those that are mappings."""
    named = [(f.name, "Mapping" in str(f.type)) for f in fields(cls) if f.name in columns]
    return tuple(name for name, mapping in named if not mapping), tuple(name for name, mapping in named if mapping)


@cache
def _statement(table: str, key: tuple[str, ...], names: tuple[str, ...]) -> str:
    places = ", ".join(f"${i}" for i in range(1, len(names) + 1))
    changes = ", ".join(f"{_quoted(n)} = excluded.{_quoted(n)}" for n in names if n not in key)
    # The names are this code's own: a table of a checked schema and the fields of a class.
    return (
        f"insert into {table} ({', '.join(map(_quoted, names))}) values ({places})"  # noqa: S608
        f" on conflict ({', '.join(key)}) do update set {changes}"
    )


@cache
def _columns(cls: type, names: tuple[str, ...]) -> tuple[Callable[[Any], Any], tuple[int, ...]]:
    """What takes the columns out of a row, and which of them are mappings by their annotation."""
    kinds = {f.name: str(f.type) for f in fields(cls)}
    mappings = tuple(i for i, name in enumerate(names) if "Mapping" in kinds.get(name, ""))
    several = len(names) > 1
    return attrgetter(*names) if several else lambda row: (getattr(row, names[0]),), mappings


def _quoted(name: str) -> str:
    # `end` is a word of SQL.
    return f'"{name}"'
