"""Which documents belong to which person, kept with the keys and not on the log: it can be forgotten like a key.

A person is known by an HMAC-SHA-256 (RFC 2104) of what the caller calls them, under the tenant's secret.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from muniment.producers.key_ring import KeyRing
from muniment.producers.postgres import database

_NAME = """
insert into muniment_keys.subjects (tenant, subject, document_id) values ($1, $2, $3)
on conflict (tenant, subject, document_id) do update set named_at = now()"""
_OF = "select document_id from muniment_keys.subjects where tenant = $1 and subject = $2 order by document_id"
_FORGET = "delete from muniment_keys.subjects where tenant = $1 and document_id = any($2) and named_at < $3"
_COUNT = "select count(*) from muniment_keys.subjects where tenant = $1 and document_id = any($2)"


class Subjects:
    """The table of persons and documents. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any, key_ring: KeyRing) -> None:
        self._pool = pool
        self._key_ring = key_ring

    async def tag(self, tenant: str, subject: str) -> str:
        """What stands for a person on the log and in tables, as hex."""
        secret = await self._key_ring.tenant_key(tenant)
        return hmac.new(secret, b"subject\0" + subject.encode(), sha256).hexdigest()

    async def name(self, tenant: str, subject: str, document_id: UUID) -> None:
        """Note that a document is about this person. Twice is once; a document may be about several."""
        tag = await self.tag(tenant, subject)
        async with database():
            await self._pool.execute(_NAME, tenant, tag, document_id)

    async def documents(self, tenant: str, tag: str) -> tuple[UUID, ...]:
        """The documents that are about the person behind a tag, in the order of their ids."""
        async with database():
            rows = await self._pool.fetch(_OF, tenant, tag)
        return tuple(row["document_id"] for row in rows)

    async def count(self, tenant: str, document_ids: Sequence[UUID]) -> int:
        """How many notes there are about these documents."""
        async with database():
            return int(await self._pool.fetchval(_COUNT, tenant, list(document_ids)))

    async def forget(self, tenant: str, document_ids: Sequence[UUID], before: datetime) -> None:
        """Remove every note about these documents that was last made before that time (of the database's clock)."""
        async with database():
            await self._pool.execute(_FORGET, tenant, list(document_ids), before)
