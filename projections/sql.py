"""Named statements from a `.sql` file: `-- name: purpose` starts one."""

import re
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- (\w+): .+$", re.MULTILINE)


@cache
def statements(package: str, file: str = "queries.sql") -> dict[str, str]:
    """The statements of a file in a package, by name."""
    text = (files(package) / file).read_text("utf-8")
    parts = _HEAD.split(text)
    return {name: sql.strip().rstrip(";") for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


def within(statement: str, schema: str, **names: str) -> str:
    """A statement with its schema, `{s}`, and other names of this code's own filled in."""
    for name, value in {"s": schema, **names}.items():
        statement = statement.replace("{" + name + "}", value)
    return statement
