"""The read model of the trail."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar

from muniment.projections.audit.entry import Entry, entry_of
from muniment.projections.projection import Connection, Item, Projection
from muniment.schemas.audit import ActionAudited, AuditedTopicChanged, AuditedTopicRestored
from muniment.schemas.codec import Envelope
from muniment.schemas.topics import AUDIT

_NAMES = tuple(f.name for f in fields(Entry))
_COLUMNS = ", ".join(f'"{n}"' for n in _NAMES)
_PLACES = ", ".join(f"${i}" for i in range(1, len(_NAMES) + 1))
# The names are the fields of a class of this code.
_ADD = f"insert into {{s}}.entries ({_COLUMNS}) values ({_PLACES}) on conflict do nothing"  # noqa: S608


class Audit(Projection):
    """Who did what. Nothing in it is personal, so an erasure takes nothing away from it."""

    name = "audit"
    topics = (AUDIT,)
    handles = (ActionAudited, AuditedTopicChanged, AuditedTopicRestored)
    tables = ("entries",)
    views: ClassVar = {"audit": "select * from {schema}.entries"}

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        entries = [entry_of(item) for item in batch if isinstance(item, Envelope)]
        await connection.executemany(_ADD.format(s=schema), [_row(entry) for entry in entries])
        return None


def _row(entry: Entry) -> list[object]:
    return [json.dumps(entry.documents) if name == "documents" else getattr(entry, name) for name in _NAMES]
