"""Marks the fields of an event that hold personal text, names or vectors.

Such a field travels sealed (see `sealing`): the Avro type on the wire is `bytes`. A reader whose key is gone sees
`REDACTED` in its place, and a consumer without the right to the key `SEALED`. Only a top-level field of an event can be
personal, so that one glance at the declaration shows what an erasure takes away.
"""

from enum import Enum
from typing import Annotated, Final, Literal, TypeVar


class Redaction(Enum):
    """What stands where a payload cannot be read.

    `REDACTED`: its key was destroyed, so nobody can, ever. `SEALED`: who reads has not got the key, and somebody else
    may. Inside the house there is only the first.
    """

    REDACTED = "[redacted]"
    SEALED = "[sealed]"


REDACTED: Final = Redaction.REDACTED
SEALED: Final = Redaction.SEALED


class PersonalMark:
    """The annotation that the registry looks for."""


PERSONAL: Final = PersonalMark()
T = TypeVar("T")
Personal = Annotated[T | Literal[Redaction.REDACTED, Redaction.SEALED], PERSONAL]


def shown(value: str | Redaction) -> str:
    """The value as a read model shows it: the text, or the redaction mark."""
    return value.value if isinstance(value, Redaction) else value
