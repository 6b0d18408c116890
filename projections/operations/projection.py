"""The operations read model."""

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar

from muniment.projections.dead_letters.letter import letter_of
from muniment.projections.operations.entry import KINDS, Entry, entry_of
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.upsert import values
from muniment.schemas.codec import Envelope
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, OPERATIONS

_NAMES = tuple(f.name for f in fields(Entry))
_COLUMNS = ", ".join(f'"{n}"' for n in _NAMES)
_PLACES = ", ".join(f"${i}" for i in range(1, len(_NAMES) + 1))
# The names are the fields of a class of this code.
_ADD = f"insert into {{s}}.operations ({_COLUMNS}) values ({_PLACES}) on conflict do nothing"  # noqa: S608
_FAILED = "insert into {s}.failures values ($1, $2) on conflict do nothing"
_VIEW = "select * from {schema}.operations"


class Operations(Projection):
    """What was done to the running of Muniment; dead letters only tell which redriven ones failed again."""

    name = "operations"
    topics = (OPERATIONS, DLQ)
    raw_topics = frozenset({DLQ.name})
    handles = tuple(KINDS)
    tables = ("operations", "failures")
    views: ClassVar = {"operations": _VIEW, "redrive_failures": "select * from {schema}.failures"}

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        entries = [entry_of(item) for item in batch if isinstance(item, Envelope)]
        await connection.executemany(_ADD.format(s=schema), [values(entry, _NAMES) for entry in entries])
        letters = [letter_of(item) for item in batch if isinstance(item, Record)]
        failed = [(letter.redrive_id, letter.redrive_letter) for letter in letters if letter.redrive_id]
        await connection.executemany(_FAILED.format(s=schema), failed)
        return None
