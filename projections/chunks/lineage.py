"""Reading which batch of a version a chunk belongs to: the link between a passage and what the log says of it.

Chunks of versions that search no longer sees are there as long as the past is kept.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.projections.upsert import built

_ROWS = """
(select {columns} from read.chunk_texts where tenant = $1 and document_id = $2 and version = $3
 union all
 select {columns} from read.past_texts where tenant = $1 and document_id = $2 and version = $3)
"""
# A version is among the past once and for ever, but a change under way may have it in both: each counts once.
_BATCHES = f"""
select batch, min(ordinal) as first, max(ordinal) as last, count(distinct ordinal)::integer as chunks
from {_ROWS.replace("{columns}", "batch, ordinal")} x group by batch order by batch
"""  # noqa: S608 - names of this code's own, as below
_CHUNKS = f"""
select distinct on (ordinal) * from {
    _ROWS.replace("{columns}", 'batch, ordinal, "text", heading, page, start_char as start, end_char as "end", tokens')
} x where ordinal between $4 and $5 order by ordinal
"""  # noqa: S608

_AT = f"""
select max(ordinal) from {_ROWS.replace("{columns}", "ordinal, start_char")} x where start_char <= $4
"""  # noqa: S608


@dataclass(frozen=True)
class BatchRow:
    """A batch of a version's chunks: those with the ordinals `first` to `last`."""

    batch: int
    first: int
    last: int
    chunks: int


@dataclass(frozen=True)
class ChunkRow:
    """A chunk: characters `start` to before `end` of the version's extracted text."""

    batch: int
    ordinal: int
    text: str
    heading: str | None
    page: int | None
    start: int
    end: int
    tokens: int


async def batches(pool: Any, tenant: str, document_id: UUID, version: int) -> list[BatchRow]:
    """The batches of a version, in order; empty for one that is not this tenant's, or was never searched."""
    return [built(BatchRow, row) for row in await pool.fetch(_BATCHES, tenant, document_id, version)]


async def chunks(pool: Any, tenant: str, document_id: UUID, version: int, ordinals: tuple[int, int]) -> list[ChunkRow]:
    """The chunks of a version from one ordinal to another, both included, in order."""
    return [built(ChunkRow, row) for row in await pool.fetch(_CHUNKS, tenant, document_id, version, *ordinals)]


async def ordinal_at(pool: Any, tenant: str, document_id: UUID, version: int, start: int) -> int | None:
    """The last chunk that begins at a character of a version's extracted text or before it; `None`: there is none."""
    found: int | None = await pool.fetchval(_AT, tenant, document_id, version, start)
    return found
