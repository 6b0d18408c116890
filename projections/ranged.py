"""The rows of one thing with the moments since which each is true, pure: what a change opens, and what it closes.

For what lies in one partition, and so comes in its order: each change follows all that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muniment.projections.changed import changed
from muniment.projections.validity import Moment

Rows = Mapping[tuple[Any, ...], Any]
"""Rows by what names them: frozen dataclasses with `from_at` and `from_place`."""


@dataclass(frozen=True, slots=True)
class Past:
    """A row that is not true any more, and when that began."""

    row: Any
    until: Moment


def followed(before: Rows, after: Rows, moment: Moment) -> tuple[dict[tuple[Any, ...], Any], list[Past]]:
    """The rows after a change, stamped where it made them so; and those that it ended.

    A row that says the same as before stays as it was, whatever its stamp in `after`.
    """
    now, ended = dict[tuple[Any, ...], Any](), list[Any]()
    for name, row in after.items():
        known = before.get(name)
        if known is row or (known is not None and bare(known) == bare(row)):
            now[name] = known
            continue
        now[name] = changed(row, from_at=moment.at, from_place=moment.place)
        ended += [known] if known is not None else []
    ended += [row for name, row in before.items() if name not in after]
    return now, [Past(row, moment) for row in ended]


def moment_of(row: Any) -> Moment:
    """Since when a row is true."""
    assert row.from_at is not None, "a row of a table was said by a record"
    return Moment(row.from_at, row.from_place)


def bare(row: Any) -> Any:
    """What a row says, without since when."""
    return changed(row, from_at=None, from_place=None)
