"""`dataclasses.replace` for the rows that folds work on, at a tenth of its cost: it is what a replay does most."""

from typing import Any, TypeVar

R = TypeVar("R")


def changed(row: R, /, **values: Any) -> R:
    """The same frozen dataclass with these fields changed.

    Unlike `dataclasses.replace` it runs neither `__init__` nor `__post_init__`, and asks nobody whether there are such
    fields: for plain rows without slots only.
    """
    made: R = object.__new__(type(row))
    made.__dict__.update(row.__dict__, **values)
    return made
