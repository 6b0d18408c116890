"""Rows as dataclasses."""

from dataclasses import dataclass

import asyncpg
import pytest

from muniment.projections.upsert import built


@dataclass(frozen=True)
class Thing:
    """A row with one column that an older table may not have had."""

    name: str
    size: int
    since: str | None = None


def test_a_row_of_an_older_table_lacks_a_column_as_postgres_would_say() -> None:
    """Also where all columns were asked for at once; what has a default, or is given besides, is not missed."""
    assert built(Thing, {"name": "a", "size": 1, "more": 2}) == built(Thing, {"name": "a"}, size=1) == Thing("a", 1)
    with pytest.raises(asyncpg.UndefinedColumnError, match="size of Thing"):
        built(Thing, {"name": "a", "since": "then"})
