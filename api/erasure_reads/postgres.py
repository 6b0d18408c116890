"""Erasures as they are read on Postgres, and the names of persons."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from muniment.api.reading import reading
from muniment.producers import erasing_fence, key_owners
from muniment.producers.belongings import Belonging, Belongings, Reach
from muniment.producers.key_owners import Kind
from muniment.producers.subjects import Subjects
from muniment.projections.erasures import queries
from muniment.projections.erasures.queries import ErasureRow, RefusalRow


class PostgresErasures:
    """See `Erasures`."""

    def __init__(self, pool: Any, subjects: Subjects) -> None:
        self._pool, self._subjects = pool, subjects

    async def tag(self, tenant: str, subject: str) -> str:
        """See `Erasures.tag`."""
        return await self._subjects.tag(tenant, subject)

    async def name(self, tenant: str, subject: str, document_id: UUID) -> None:
        """See `Erasures.name`."""
        await self._subjects.name(tenant, subject, document_id)

    async def under_way(self, tenant: str, document_id: UUID) -> bool:
        """See `Erasures.under_way`."""
        return await erasing_fence.is_up(self._pool, tenant, document_id)

    async def no_documents(self, tenant: str, ids: Collection[UUID]) -> Mapping[UUID, Kind]:
        """See `Erasures.no_documents`."""
        return await key_owners.no_documents(self._pool, tenant, ids)

    async def belongings(self, tenant: str, subject: str) -> Belonging:
        """See `Erasures.belongings`."""
        async with reading():
            found = Belongings(self._pool, self._subjects)
            return await found.of(tenant, await self._subjects.tag(tenant, subject))

    async def reach(self, tenant: str, subject: str, document_ids: Sequence[UUID]) -> Reach:
        """See `Erasures.reach`."""
        async with reading():
            tag = await self._subjects.tag(tenant, subject) if subject else None
            return await Belongings(self._pool, self._subjects).reach(tenant, document_ids, tag)

    async def erasure(self, tenant: str, erasure_id: UUID) -> ErasureRow | None:
        """See `Erasures.erasure`."""
        async with reading():
            return await queries.erasure(self._pool, tenant, erasure_id)

    async def erasures(self, tenant: str) -> list[ErasureRow]:
        """See `Erasures.erasures`."""
        async with reading():
            return await queries.erasures(self._pool, tenant)

    async def refused(self, tenant: str, erasure_id: UUID) -> list[RefusalRow]:
        """See `Erasures.refused`."""
        async with reading():
            return await queries.refused(self._pool, tenant, erasure_id)
