"""Reading erasures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.sql import statements

_SQL = statements("muniment.projections.erasures")
MOST = 200
"""Most erasures in a listing."""


@dataclass(frozen=True)
class StoreRow:
    """What one store removed."""

    store: str
    removed: int
    kept: int
    note: str
    at: datetime


@dataclass(frozen=True)
class RefusalRow:
    """A command about an erasure that was decided against."""

    command: str
    code: str
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class ErasureRow:
    """An erasure. `status`: requested, rejected, confirmed, erasing (its keys are gone) or completed."""

    erasure_id: UUID
    status: str
    subject: str | None
    document_ids: Sequence[UUID]
    reason: str
    origin: str
    confirmations: int
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decided_reason: str | None
    documents: Sequence[UUID] | None
    keys: int | None
    keys_destroyed_at: datetime | None
    completed_at: datetime | None
    receipt: str | None
    receipt_hash: str | None
    key_id: str | None
    signature: bytes | None
    stores: Sequence[StoreRow] = field(default=())
    refusals: Sequence[RefusalRow] = field(default=())


_NAMES = [f.name for f in fields(ErasureRow) if f.name not in {"stores", "refusals"}]


async def erasure(pool: Any, tenant: str, erasure_id: UUID) -> ErasureRow | None:
    """One erasure with what its stores have said; `None` when there is none."""
    row = await pool.fetchrow(_SQL["get"], tenant, erasure_id)
    if row is None:
        return None
    stores = [StoreRow(**dict(r)) for r in await pool.fetch(_SQL["stores"], erasure_id)]
    refusals = await refused(pool, tenant, erasure_id)
    return ErasureRow(**{n: row[n] for n in _NAMES}, stores=stores, refusals=refusals)


async def refused(pool: Any, tenant: str, erasure_id: UUID) -> list[RefusalRow]:
    """Commands about an erasure that were decided against, also where there is no such erasure."""
    return [RefusalRow(**dict(r)) for r in await pool.fetch(_SQL["refusals"], tenant, erasure_id)]


async def erasures(pool: Any, tenant: str) -> list[ErasureRow]:
    """The newest erasures of a tenant, without their stores."""
    rows = await pool.fetch(_SQL["list"], tenant, MOST)
    return [ErasureRow(**{n: row[n] for n in _NAMES}) for row in rows]
