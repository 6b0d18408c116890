"""Whether a batch still needs vectors of a model, by what search knows."""

from typing import Any, Protocol
from uuid import UUID

import asyncpg

from muniment.producers.postgres import database
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_WANTED = """
select not exists (
    select from read.search_heads h where h.tenant = $1 and h.document_id = $2 and h.version >= $3 and not exists (
        select from read.active_versions a where a.tenant = $1 and a.document_id = $2 and a.version = $3)
) and not exists (
    select from read.vector_batches v
    where v.tenant = $1 and v.document_id = $2 and v.version = $3 and v.batch = $4 and v.model = $5
) and not exists (select from muniment_deciding.cancelled where job_id = $6)"""
_GONE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedColumnError)


class Wanted(Protocol):
    """The port."""

    async def wanted(self, tenant: str, event: ChunksPrepared, model: str) -> bool:
        """Whether search shows the batch's version, or may come to, and has no vectors of the model for it.

        Raises `StepFailure(database_unavailable)`.
        """
        ...


class ReadModelWanted:
    """See `Wanted`; `pool` is an asyncpg pool."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def wanted(self, tenant: str, event: ChunksPrepared, model: str) -> bool:
        """See `Wanted.wanted`."""
        place: tuple[UUID, int, int] = (event.document_id, event.version, event.batch)
        async with database():
            try:
                return bool(await self._pool.fetchval(_WANTED, tenant, *place, model, event.job_id))
            except _GONE:
                # Of an older version, until its rebuild is done.
                detail = "the read model of search does not know several models yet"
                raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, detail) from None
