"""Frozen dataclasses from all of their fields at a third of what calling the class costs: what reading does most."""

from typing import Any, TypeVar

T = TypeVar("T")


def made(cls: type[T], fields: dict[str, Any]) -> T:
    """One with these fields, which have to be all that it has.

    Neither `__init__` nor `__post_init__` runs: for plain classes without slots, and for values that need no check.
    """
    one = object.__new__(cls)
    one.__dict__.update(fields)
    return one
