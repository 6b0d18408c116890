"""Reading what was true at a moment: from the tables of now and of the past, by the ranges of their rows."""

from typing import Any

from muniment.projections.validity import Moment

_VALID = """(from_at, from_place) <= (${at}::timestamptz, ${place}::text)
    and (to_at is null or (to_at, to_place) > (${at}::timestamptz, ${place}::text))"""


def valid(at: int, tenant: str = "$1") -> str:
    """The condition that a row of a tenant was true at the moment whose parameters are number `at` and the next."""
    return f"tenant = {tenant} and " + _VALID.replace("{at}", str(at)).replace("{place}", str(at + 1))


def told(statement: str, given: list[Any], at: Moment | None, **names: str) -> tuple[str, list[Any]]:
    """A statement and its parameters as of a moment, of now when that is `None`.

    Args:
        statement: It names its rows by `{name}`, and `$1` is the tenant.
        given: Its parameters, to which those of the moment are added.
        at: The moment.
        **names: For each name the view of all ranges in schema `read`; the view of now has that very name.

    """
    number = len(given) + 1
    for name, ranges in names.items():
        rows = f"read.{name}"
        if at is not None:
            rows = f"(select * from read.{ranges} where {valid(number)})"  # noqa: S608 - names of this code's own
        statement = statement.replace("{" + name + "}", rows)
    return statement, given if at is None else [*given, *at]
