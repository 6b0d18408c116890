"""The read model of histories."""

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar

from muniment.projections.history.entry import Entry, entry_of
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.upsert import values
from muniment.schemas.operations import DeadLetterEdited, DeadLetterRedriven
from muniment.schemas.topics import (
    CHUNKS,
    COMMANDS_DOCUMENTS,
    COMMANDS_PROJECTS,
    DLQ,
    DOCUMENTS,
    EMBEDDINGS,
    OPERATIONS,
    PROJECTS,
)

_NAMES = tuple(f.name for f in fields(Entry))
_TYPES = {
    "partition": "int",
    "times": "int",
    "offset": "bigint",
    "at": "timestamptz",
    "of_project": "boolean",
    **dict.fromkeys(("document_id", "job_id", "event_id", "causation_id", "episode_id", "draft_id"), "uuid"),
}
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_GIVEN = ", ".join(f"${number}::{_TYPES.get(name, 'text')}[]" for number, name in enumerate(_NAMES, 1))
# The names are the fields of a class of this code.
_ADD = f"insert into {{s}}.events ({_COLUMNS}) select * from unnest({_GIVEN}) on conflict do nothing"  # noqa: S608


class History(Projection):
    """Where the log says something of a document, a project or a job; nothing sealed is opened for it."""

    name = "history"
    version = 2
    topics = (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS, COMMANDS_PROJECTS, PROJECTS, DLQ, OPERATIONS)
    raw_topics = frozenset(t.name for t in topics if t is not OPERATIONS)
    handles = (DeadLetterEdited, DeadLetterRedriven)
    tables = ("events",)
    views: ClassVar = {"history": "select * from {schema}.events"}

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        entries = [entry for item in batch if (entry := entry_of(item))]
        if entries:
            rows = [values(entry, _NAMES) for entry in entries]
            await connection.execute(_ADD.format(s=schema), *[list(column) for column in zip(*rows, strict=True)])
        return None
