"""Keyset pages: the rows after the last one shown, so that what is added meanwhile shifts nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from muniment.projections import cursor as cursors

MAX_LIMIT = 200
R = TypeVar("R")


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows, newest first, and the cursor to the next page; `None` at the end."""

    rows: tuple[R, ...]
    cursor: str | None


def conditions(parts: Sequence[tuple[str, Any]], first: int) -> tuple[str, list[Any]]:
    """Conditions (each with `{}` for its parameter) whose value is given, numbered from `first`, each after `and`."""
    given = [(text, value) for text, value in parts if value is not None]
    texts = [f" and {text.format(f'${number}')}" for number, (text, _) in enumerate(given, first)]
    return "".join(texts), [value for _, value in given]


def checked(limit: int) -> int:
    """The limit; `ValueError` when it is out of bounds."""
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is between 1 and {MAX_LIMIT}")
    return limit


def start_after(query: str, cursor: str | None) -> tuple[datetime, str] | tuple[None, None]:
    """The moment and id of the row that a cursor ends at."""
    if cursor is None:
        return None, None
    place = cursors.decode(query, cursor)
    try:
        moment, identity = place
        return datetime.fromisoformat(moment), str(identity)
    except (ValueError, TypeError) as error:
        raise cursors.BadCursor("not a cursor") from error


def page(query: str, rows: Sequence[tuple[R, datetime, Any]], limit: int) -> Page[R]:
    """The page of `limit` rows out of `limit + 1` that were asked for, each with what it is sorted by."""
    shown = rows[:limit]
    more = len(rows) > limit
    following = cursors.encode(query, [shown[-1][1].isoformat(), shown[-1][2]]) if more else None
    return Page(tuple(row for row, _, _ in shown), following)
