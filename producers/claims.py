"""Who needs which blob: a row a claim, so that a blob is removed with its last claim and never before.

The rows are not derived from the log (like keys and the blobs themselves, they cannot be rebuilt by a replay).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.blobs import Blob, BlobStore
from muniment.producers.postgres import database
from muniment.producers.to_the_end import to_the_end

GIVE_BACK_S = 5.0
"""How long a put that has failed may wait to remove what it has stored; later the sweep does it.

A removal that the store has heard of is waited for however long it takes."""

# A claim and the removal of the last one must not cross: both take the lock of the content first. Neither may a claim
# and the closing of its job: claims share the job's lock, closing has it alone.
_CONTENT = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"
_LOCK = """
select pg_advisory_xact_lock_shared(hashtextextended($3, 0)),
    pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))
"""
_CLAIM = """
insert into muniment_claims.claims (tenant, sha256, document_id, kind) select $1, $2, $3, $4
where not exists (select from muniment_claims.closed where job_id = $5)
on conflict (tenant, sha256, document_id, kind) do update set kind = excluded.kind, renewed_at = now()
returning kind"""
_CLOSE = """
insert into muniment_claims.closed (job_id) select $1 from pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))
on conflict do nothing"""
_OF_JOBS = """
select distinct sha256 from muniment_claims.claims
where tenant = $1 and document_id = $2 and split_part(kind, '/', 1) = any($3)"""
_DROP = """
delete from muniment_claims.claims
where tenant = $1 and sha256 = $2 and document_id = $3 and split_part(kind, '/', 1) = any($4)
    and ($5::timestamptz is null or renewed_at < $5)"""
_SHARED = "select exists (select from muniment_claims.claims where tenant = $1 and sha256 = $2)"


@dataclass(frozen=True, slots=True)
class Released:
    """How many blobs went, and how many stay because another document holds the same content."""

    removed: int
    shared: int


class _ClosedError(Exception):
    """The job that would claim this blob was closed meanwhile."""

    def __init__(self, blob: Blob) -> None:
        super().__init__(blob.ref)
        self.blob = blob


class Claims:
    """Blobs with their claims."""

    def __init__(self, pool: Any, blobs: BlobStore) -> None:
        self._pool = pool
        self.blobs = blobs

    async def put(self, tenant: str, document_id: UUID, job_id: UUID, kind: str, chunks: AsyncIterator[bytes]) -> Blob:
        """Store a stream and claim it for a document's job; `kind` says what it is (`original`, `text`).

        The job is part of the claim because a deletion takes the claims of the versions it deletes, and not that
        of a new version whose upload it met half-way.

        Of a job that was closed nothing is kept: what is returned then names bytes that are not there.
        """
        placed: list[Blob] = []

        @asynccontextmanager
        async def claimed(blob: Blob) -> AsyncIterator[None]:
            async with database(), self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK, tenant, blob.ref, str(job_id))
                name = f"{job_id}/{kind}"
                if not await connection.fetchval(_CLAIM, tenant, blob.ref, document_id, name, job_id):
                    raise _ClosedError(blob)
                placed.append(blob)
                yield

        try:
            return await self.blobs.put(tenant, chunks, claimed)
        except _ClosedError as closed:
            return closed.blob
        except BaseException:
            # Cancelled, or the claim came to nothing, while the bytes were being put in place.
            for blob in placed:
                with suppress(Exception):
                    await to_the_end(asyncio.wait_for(self.drop_unclaimed(tenant, blob.ref), GIVE_BACK_S))
            raise

    async def drop_unclaimed(self, tenant: str, ref: str) -> bool:
        """Remove a blob unless somebody claims it; whether there was one that nobody does."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_CONTENT, tenant, ref)
            return not await connection.fetchval(_SHARED, tenant, ref) and await self._delete(tenant, ref)

    async def close(self, tenant: str, document_id: UUID, job_id: UUID) -> Released:
        """Give up what a job claims and let it claim nothing from now on. Twice is once."""
        async with database():
            await self._pool.execute(_CLOSE, job_id)
        return await self.release(tenant, document_id, [job_id])

    async def release(
        self, tenant: str, document_id: UUID, jobs: Iterable[UUID], *, before: datetime | None = None
    ) -> Released:
        """Give up what these jobs claim for a document; a blob that nobody else claims goes. Twice is once.

        With `before`, what was claimed, or claimed again, since then stays.
        """
        names = [str(job) for job in jobs]
        removed = shared = 0
        async with database():
            refs = [row["sha256"] for row in await self._pool.fetch(_OF_JOBS, tenant, document_id, names)]
            for ref in refs:
                async with self._pool.acquire() as connection, connection.transaction():
                    await connection.execute(_CONTENT, tenant, ref)
                    await connection.execute(_DROP, tenant, ref, document_id, names, before)
                    if await connection.fetchval(_SHARED, tenant, ref):
                        shared += 1
                    else:
                        removed += await self._delete(tenant, ref)
        return Released(removed, shared)

    async def _delete(self, tenant: str, ref: str) -> bool:
        # The store may have heard of it when nobody waits any more: until it is done the content stays locked.
        return await to_the_end(self.blobs.delete(tenant, ref))
