"""The count of a version's batches, in Postgres: each batch counts once, however often it comes."""

from typing import Any

from muniment.producers.postgres import database
from muniment.schemas.documents import DocumentChunked
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.stream_apps.indexing.completeness import Tally

_BATCH = """
insert into muniment_indexing.batches
    (tenant, document_id, version, batch, chunks, tokens, cost_micros, embedded, reused)
select $1, $2, $3, $4, $5, $6, $7, $8, $9
where not exists (select from muniment_deciding.cancelled where job_id = $10) on conflict do nothing"""
_TOTALS = """
insert into muniment_indexing.totals (tenant, document_id, version, chunks, batches)
select $1, $2, $3, $4, $5
where not exists (select from muniment_deciding.cancelled where job_id = $6) on conflict do nothing"""
_TALLY = """
select t.chunks, t.batches, count(b.batch), coalesce(sum(b.tokens), 0), coalesce(sum(b.cost_micros), 0),
    coalesce(sum(b.embedded), 0), coalesce(sum(b.reused), 0)
from (select $1::text as tenant, $2::uuid as document_id, $3::bigint as version) as wanted
left join muniment_indexing.totals t using (tenant, document_id, version)
left join muniment_indexing.batches b using (tenant, document_id, version)
group by t.chunks, t.batches"""
_FORGET = "delete from muniment_indexing.{table} where tenant = $1 and document_id = $2 and version <= $3"
_DROP = "delete from muniment_indexing.{table} where tenant = $1 and document_id = $2 and version = $3"


class IndexingStore:
    """The indexing step's own tables."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def add_batch(self, tenant: str, event: ChunksEmbedded) -> None:
        """Count a batch that has its vectors; not for a job that was cancelled."""
        async with database():
            await self._pool.execute(
                _BATCH,
                tenant,
                event.document_id,
                event.version,
                event.batch,
                len(event.content_hashes),
                event.tokens,
                event.cost_micros,
                event.embedded,
                event.reused,
                event.job_id,
            )

    async def add_totals(self, tenant: str, event: DocumentChunked) -> None:
        """Note how many batches there are to be; not for a job that was cancelled."""
        async with database():
            place = tenant, event.document_id, event.version
            await self._pool.execute(_TOTALS, *place, event.chunks, event.batches, event.job_id)

    async def tally(self, tenant: str, event: ChunksEmbedded | DocumentChunked) -> Tally:
        """What has come in for the event's version.

        A statement of its own, after the insert was committed: of two workers that add the last two pieces at
        once, at least one then sees both.
        """
        async with database():
            row = await self._pool.fetchrow(_TALLY, tenant, event.document_id, event.version)
        chunks, batches, *sums = tuple(row)
        return Tally(chunks or 0, batches, *(int(n) for n in sums))

    async def forget(self, tenant: str, document_id: Any, version: int) -> None:
        """Drop the counts of a deleted document's versions."""
        async with database():
            for table in ("batches", "totals"):
                await self._pool.execute(_FORGET.format(table=table), tenant, document_id, version)

    async def drop(self, tenant: str, document_id: Any, version: int) -> None:
        """Drop the counts of this one version."""
        async with database():
            for table in ("batches", "totals"):
                await self._pool.execute(_DROP.format(table=table), tenant, document_id, version)
