"""Five questions to the landed files, asked with DuckDB.

Each event is a view of its name over its files. The log may hold a fact twice under the same id, and a landing may have
taken the same place twice: the views take each fact once, and `log` each place once. Moments are UTC, without a zone
(DuckDB has zones from an extension that would have to be fetched).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from muniment.infra.exporting.rows import Kind, kind_of, raw_kind
from muniment.infra.exporting.values import arrow_type
from muniment.projections.sql import statements, within
from muniment.schemas.asyncapi import PASSED_ON
from muniment.schemas.catalogue import declarations

PACKAGE = "muniment.infra.analytics"
Answer = list[dict[str, Any]]


def ask(folder: Path) -> dict[str, Answer]:
    """The answers to all questions, by their names; rows in the order of the question."""
    questions = statements(PACKAGE, "questions.sql")
    with database(folder) as connection:
        return {name: rows(connection, sql) for name, sql in questions.items()}


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory with the views: one for each event, `log` for every record, `facts` for every event once."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        views = statements(PACKAGE, "views.sql")
        connection.execute(views["header"])
        connection.execute(views["raw_header"])
        for declaration in declarations():
            source = _files(folder / declaration.topic.name, f"{declaration.name}.v*")
            source = source or _empty(connection, kind_of(declaration, opened=False))
            _view(connection, declaration.name, within(views["event"], "", source=source))
        places = [place for place in sorted(folder.glob("[!.]*/*")) if place.is_dir()]
        sources = [_files(place.parent, place.name) for place in places] or [_empty(connection, raw_kind())]
        every = " union all ".join(within(views["around"], "", source=source) for source in sources)
        _view(connection, "log", within(views["log"], "", every=every))
        passed_on = ", ".join(f"'{name}'" for name in sorted(PASSED_ON))
        _view(connection, "facts", within(views["facts"], "", passed_on=passed_on))
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """What a question is answered with, each row by its columns."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _view(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"create view {name} as {sql}")


def _files(folder: Path, kind: str) -> str:
    """The table of the files of a kind; empty where there are none."""
    if not any(folder.glob(f"{kind}/*.parquet")):
        return ""
    pattern = f"{folder}/{kind}/*.parquet".replace("'", "''")
    return f"read_parquet('{pattern}', union_by_name = true)"


def _empty(connection: duckdb.DuckDBPyConnection, kind: Kind) -> str:
    """A table with the columns of a kind and no rows, for what nobody has said yet."""
    schema = pa.schema([(field["name"], arrow_type(field["type"])) for field in kind.schema["fields"]])
    name = f"no_{kind.name.replace('.', '_')}"
    connection.register(name, schema.empty_table())
    return name
