"""The erasures read model."""

from collections.abc import Sequence
from typing import ClassVar

from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.rows import storable
from muniment.schemas.codec import Envelope
from muniment.schemas.erasures import (
    ErasureCommandRejected,
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRejected,
    ErasureRequested,
    KeysDestroyed,
    StoreErased,
)
from muniment.schemas.topics import ERASURES

_REQUESTED = """
insert into {s}.erasures (erasure_id, tenant, status, subject, document_ids, reason, origin, confirmations,
    requested_by, requested_at) values ($1, $2, 'requested', $3, $4, $5, $6, $7, $8, $9) on conflict do nothing"""
# The log may hold an event twice: the first of each kind counts.
_DECIDED = """
update {s}.erasures set status = $2, decided_by = $3, decided_at = $4, decided_reason = $5
where erasure_id = $1 and decided_at is null"""
_KEYS = """
update {s}.erasures set status = 'erasing', documents = $2, keys = $3, keys_destroyed_at = $4
where erasure_id = $1 and keys is null"""
_STORE = "insert into {s}.stores values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"
_COMPLETED = """
update {s}.erasures set status = 'completed', completed_at = $2, receipt = $3, receipt_hash = $4, key_id = $5,
    signature = $6
where erasure_id = $1 and completed_at is null"""
_REFUSED = "insert into {s}.refusals values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing"


class Erasures(Projection):
    """Erasures, from their own facts; nothing in them is personal."""

    name = "erasures"
    topics = (ERASURES,)
    handles = (
        ErasureRequested,
        ErasureConfirmed,
        ErasureRejected,
        ErasureCommandRejected,
        KeysDestroyed,
        StoreErased,
        ErasureCompleted,
    )
    tables = ("erasures", "stores", "refusals")
    views: ClassVar = {
        "erasures": "select * from {schema}.erasures",
        "erasure_stores": "select * from {schema}.stores",
        "erasure_refusals": "select * from {schema}.refusals",
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        for item in batch:
            if isinstance(item, Envelope):
                sql, values = _row(item)
                await connection.execute(sql.format(s=schema), *values)
        return None


def _row(item: Envelope) -> tuple[str, tuple[object, ...]]:  # noqa: PLR0911 - one case an event
    event, meta = item.event, item.meta
    match event:
        case ErasureRequested():
            about = event.subject, list(event.document_ids), storable(event.reason), event.origin, event.confirmations
            return _REQUESTED, (event.erasure_id, storable(meta.tenant), *about, storable(meta.actor), meta.time)
        case ErasureConfirmed():
            return _DECIDED, (event.erasure_id, "confirmed", storable(meta.actor), meta.time, storable(event.reason))
        case ErasureRejected():
            return _DECIDED, (event.erasure_id, "rejected", storable(meta.actor), meta.time, storable(event.reason))
        case KeysDestroyed():
            return _KEYS, (event.erasure_id, list(event.document_ids), event.keys, meta.time)
        case StoreErased():
            counts = event.removed, event.kept, storable(event.note)
            return _STORE, (event.erasure_id, storable(event.store), *counts, meta.time, item.record.offset or 0)
        case ErasureCompleted():
            signed = event.receipt, event.receipt_hash, event.key_id, event.signature
            return _COMPLETED, (event.erasure_id, meta.time, *signed)
        case ErasureCommandRejected():
            why = event.command, event.code, storable(event.reason)
            return _REFUSED, (
                meta.event_id,
                event.erasure_id,
                storable(meta.tenant),
                *why,
                storable(meta.actor),
                meta.time,
            )
        case _:
            raise TypeError(f"{event.declaration.key} is not folded here")
