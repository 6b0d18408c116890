"""Rows as dataclasses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.upsert import built, many, values


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


@dataclass(frozen=True)
class Noted:
    """A row with two columns that are JSON."""

    name: str
    notes: Mapping[str, object]
    marks: Mapping[str, object] | None = None


NOTES = st.dictionaries(st.text(max_size=3), st.integers(0, 1) | st.booleans() | st.text(max_size=3), max_size=2)


@given(st.lists(NOTES, min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=6))
def test_many_rows_are_as_each_alone(notes: list[dict[str, object]], drawn: list[tuple[int, bool]]) -> None:
    """Also where rows share a mapping, which is written once: each column is its JSON with sorted keys."""
    names = ("name", "notes", "marks")
    rows = [Noted("a", notes[n % len(notes)], notes[-1] if marked else None) for n, marked in drawn]
    expected = [
        (
            r.name,
            *(None if m is None else json.dumps(m, sort_keys=True, ensure_ascii=False) for m in (r.notes, r.marks)),
        )
        for r in rows
    ]
    assert many(rows, names) == [values(row, names) for row in rows] == expected
