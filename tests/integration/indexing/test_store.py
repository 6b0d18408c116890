"""The count of a version's batches, on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.key_ring import MemoryKeyRing

from muniment.producers.log_codec import LogCodec
from muniment.schemas import example
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentChunked, DocumentIndexed
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.indexing.completeness import whole
from muniment.stream_apps.indexing.step import Indexing
from muniment.stream_apps.indexing.store import IndexingStore

TENANT = "acme"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=4, max_size=8) as made:
        yield made


def batch(document: UUID, number: int, version: int = 1) -> ChunksEmbedded:
    """A batch of two chunks, one of them known already."""
    return ChunksEmbedded(
        document_id=document,
        version=version,
        job_id=document,
        batch=number,
        first_ordinal=2 * number,
        content_hashes=(b"a", b"b"),
        model="m",
        dimensions=1,
        vectors=b"\0\0\0\0",
        tokens=10,
        cost_micros=3,
        embedded=1,
        reused=1,
    )


def totals(document: UUID, batches: int, version: int = 1) -> DocumentChunked:
    """What there is to be."""
    return DocumentChunked(
        document_id=document, version=version, job_id=document, chunks=2 * batches, batches=batches, tokens=9
    )


async def run(step: Indexing, event: Event) -> list[Record]:
    """What the step yields for an event."""
    meta = replace(example.metadata("x"), event_id=uuid4())
    found = [r async for r in step.run(Envelope(event, meta, Record("t", b"k", b"", (), 0, 0, 0)))]
    return [r for r in found if isinstance(r, Record)]


def step(pool: Any) -> Indexing:
    """The step."""
    return Indexing(
        IndexingStore(pool), DecidingStore(pool), LogCodec(MemoryKeyRing()), lambda: example.metadata("x").time, "m"
    )


@pytest.mark.parametrize("totals_last", [True, False])
async def test_a_version_is_indexed_when_its_last_piece_is_there(pool: Any, totals_last: bool) -> None:
    """Whichever comes last; a repeat of any piece counts once and gives the same event again."""
    document = uuid4()
    pieces: list[Event] = [batch(document, n) for n in range(3)]
    pieces.insert(3 if totals_last else 0, totals(document, 3))
    for piece in pieces[:-1]:
        assert await run(step(pool), piece) == []
        assert await run(step(pool), piece) == []
    (first,) = await run(step(pool), pieces[-1])
    (again,) = await run(step(pool), pieces[1])
    indexed = (await LogCodec(MemoryKeyRing()).decode(first)).event
    assert isinstance(indexed, DocumentIndexed)
    assert (indexed.chunks, indexed.batches, indexed.tokens) == (6, 3, 30)
    assert (indexed.cost_micros, indexed.embedded, indexed.reused) == (9, 3, 3)
    assert first.header("ce_id") == again.header("ce_id")


async def test_of_the_last_two_pieces_at_once_one_sees_the_whole(pool: Any) -> None:
    """Sixty times over: two workers add the last two pieces together, and no version is left hanging."""
    store = IndexingStore(pool)

    async def add(event: ChunksEmbedded | DocumentChunked) -> bool:
        if isinstance(event, ChunksEmbedded):
            await store.add_batch(TENANT, event)
        else:
            await store.add_totals(TENANT, event)
        return whole(await store.tally(TENANT, event))

    for round_ in range(60):
        document = uuid4()
        await add(batch(document, 0))
        last = totals(document, 2) if round_ % 2 else batch(document, 2)
        if not round_ % 2:
            await add(totals(document, 3))
        assert any(await asyncio.gather(add(batch(document, 1)), add(last)))


async def test_versions_and_tenants_are_counted_apart(pool: Any) -> None:
    """A batch of another version, or of another tenant's document with the same id, completes nothing."""
    store, document = IndexingStore(pool), uuid4()
    await store.add_totals(TENANT, totals(document, 1, version=2))
    await store.add_batch(TENANT, batch(document, 0, version=1))
    await store.add_batch("other", batch(document, 0, version=2))
    assert not whole(await store.tally(TENANT, totals(document, 1, version=2)))
    await store.forget(TENANT, document, 1)
    await store.add_batch(TENANT, batch(document, 0, version=2))
    assert whole(await store.tally(TENANT, totals(document, 1, version=2)))
    await store.forget(TENANT, document, 2)
    assert not whole(await store.tally(TENANT, totals(document, 1, version=2)))


async def cancelled(pool: Any, job: UUID) -> None:
    """A decider has cancelled the job."""
    await pool.execute(
        "insert into muniment_deciding.inbox (command_id, document_id, decided_at, ending)"
        " values ($1, $1, now(), 'cancelled')",
        job,
    )


async def test_a_cancelled_version_is_not_announced(pool: Any) -> None:
    """All its pieces were there when it was cancelled: whoever comes to announce it says nothing."""
    document = uuid4()
    assert await run(step(pool), totals(document, 1)) == []
    await cancelled(pool, document)
    assert await run(step(pool), batch(document, 0)) == []


async def test_what_comes_late_of_a_cancelled_job_is_not_counted(pool: Any) -> None:
    """Its counts were dropped; a batch that was on its way brings no row back."""
    store, document = IndexingStore(pool), uuid4()
    await store.add_batch(TENANT, batch(document, 0))
    await store.add_batch(TENANT, batch(document, 0, version=2))
    await pool.execute(
        "insert into muniment_deciding.cancelled (job_id, tenant, document_id, version) values ($1, $2, $1, 1)",
        document,
        TENANT,
    )
    await store.drop(TENANT, document, 1)
    await store.add_batch(TENANT, batch(document, 1))
    await store.add_totals(TENANT, totals(document, 1))
    rows = await pool.fetch("select version from muniment_indexing.batches")
    assert [row["version"] for row in rows] == [2]
    assert await pool.fetchval("select count(*) from muniment_indexing.totals") == 0
