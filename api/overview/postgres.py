"""See `port`, on Postgres and on what else is asked."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from muniment.api.answers import Job
from muniment.api.overview.port import Parked, StepLag
from muniment.api.pages import Page
from muniment.api.reading import page_of, reading
from muniment.api.rows import job_answer
from muniment.producers.sealing.proving import Proofs
from muniment.projections.chunks import lineage
from muniment.projections.chunks.lineage import BatchRow, ChunkRow
from muniment.projections.jobs import figures
from muniment.projections.jobs.figures import Ended, Open
from muniment.projections.replaying import underway
from muniment.projections.replaying.underway import Underway


class PostgresOverview:
    """See `Overview`. `parked` and `lag` are asked of the steps' side, which knows its own tables and groups."""

    def __init__(
        self,
        pool: Any,
        parked: Callable[[], Awaitable[Sequence[Parked]]],
        lag: Callable[[], Awaitable[Sequence[StepLag]]],
    ) -> None:
        self._pool = pool
        self._parked = parked
        self._lag = lag

    async def ended(self, tenant: str, since: datetime, until: datetime, span: timedelta) -> list[Ended]:
        """See `Overview.ended`."""
        async with reading():
            return await figures.ended(self._pool, tenant, since, until, span)

    async def still_open(self, tenant: str) -> list[Open]:
        """See `Overview.still_open`."""
        async with reading():
            return await figures.still_open(self._pool, tenant)

    async def due(self, tenant: str, *, limit: int, cursor: str | None) -> Page[Job]:
        """See `Overview.due`."""
        async with reading():
            page = await figures.due(self._pool, tenant, limit=limit, cursor=cursor)
        return page_of(page, job_answer)

    async def parked(self) -> Sequence[Parked]:
        """See `Overview.parked`."""
        return await self._parked()

    async def lag(self) -> Sequence[StepLag]:
        """See `Overview.lag`."""
        return await self._lag()

    async def under_way(self) -> list[Underway]:
        """See `Overview.under_way`."""
        async with reading():
            return await underway.under_way(self._pool)

    async def sealing(self) -> list[Any]:
        """See `Overview.sealing`."""
        return await Proofs(self._pool).logs()

    async def batches(self, tenant: str, document_id: UUID, version: int) -> list[BatchRow]:
        """See `Overview.batches`."""
        async with reading():
            return await lineage.batches(self._pool, tenant, document_id, version)

    async def chunks(self, tenant: str, document_id: UUID, version: int, ordinals: tuple[int, int]) -> list[ChunkRow]:
        """See `Overview.chunks`."""
        async with reading():
            return await lineage.chunks(self._pool, tenant, document_id, version, ordinals)

    async def ordinal_at(self, tenant: str, document_id: UUID, version: int, start: int) -> int | None:
        """See `Overview.ordinal_at`."""
        async with reading():
            return await lineage.ordinal_at(self._pool, tenant, document_id, version, start)
