"""Who needs which blob, on a real Postgres and a real folder; and purging with them."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from muniment.producers.blobs import BlobStore
from muniment.producers.claims import Claims, Released
from muniment.producers.local_blobs import LocalBlobs
from muniment.schemas import example
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentExtracted,
    DocumentPurged,
    DocumentUnchanged,
    JobCancelled,
    VersionRolledBack,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.deciding.state import State
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.indexing.store import IndexingStore
from muniment.stream_apps.purging.step import Purging

TENANT = "acme"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=6) as made:
        yield made


@pytest.fixture
def claims(pool: Any, tmp_path: Path) -> Claims:
    """Claims on an empty store."""
    return Claims(pool, LocalBlobs(tmp_path / "blobs"))


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield content


async def there(blobs: BlobStore, ref: str) -> bool:
    """Whether the blob can be read; only `blob_missing` says that it is not there."""
    try:
        async for _ in blobs.open(TENANT, ref):
            pass
    except StepFailure as error:
        if error.code is not ErrorCode.BLOB_MISSING:
            raise
        return False
    return True


async def test_the_last_claim_takes_the_blob(claims: Claims) -> None:
    """Two documents hold the same content: the first to go leaves it, the second takes it; twice is once."""
    (one, job_one), (two, job_two) = (uuid4(), uuid4()), (uuid4(), uuid4())
    blob = await claims.put(TENANT, one, job_one, "original", pieces(b"shared"))
    assert await claims.put(TENANT, two, job_two, "original", pieces(b"shared")) == blob
    assert await claims.release(TENANT, one, [job_one]) == Released(0, 1)
    assert await there(claims.blobs, blob.ref)
    assert await claims.release(TENANT, one, [job_one]) == Released(0, 0)
    assert await there(claims.blobs, blob.ref)
    assert await claims.release(TENANT, two, [job_two]) == Released(1, 0)
    assert not await there(claims.blobs, blob.ref)


async def test_a_new_versions_claim_survives_the_release_of_older_jobs(claims: Claims) -> None:
    """A resubmission that met a deletion half-way keeps its bytes."""
    document, old, new = uuid4(), uuid4(), uuid4()
    blob = await claims.put(TENANT, document, old, "original", pieces(b"same"))
    await claims.put(TENANT, document, new, "original", pieces(b"same"))
    assert await claims.release(TENANT, document, [old]) == Released(0, 1)
    assert await there(claims.blobs, blob.ref)


async def test_tenants_share_nothing(claims: Claims) -> None:
    """The same ids and content under another tenant are other claims and other bytes."""
    document, job = uuid4(), uuid4()
    blob = await claims.put(TENANT, document, job, "original", pieces(b"same"))
    await claims.put("other", document, job, "original", pieces(b"same"))
    assert await claims.release("other", document, [job]) == Released(1, 0)
    assert await there(claims.blobs, blob.ref)


async def test_no_claim_is_ever_without_its_blob(claims: Claims, pool: Any) -> None:
    """Two hundred rounds of storing and releasing the same few contents at once: each claim that is left has bytes."""
    chance = random.Random(7)
    contents = [b"a", b"b", b"c"]
    refs: dict[str, str] = {}

    async def live() -> None:
        document = uuid4()
        for _ in range(10):
            job, content = uuid4(), chance.choice(contents)
            blob = await claims.put(TENANT, document, job, "original", pieces(content))
            refs[blob.ref] = content.decode()
            # Between a confirmed put and its release the bytes are there, whatever the others do.
            assert await there(claims.blobs, blob.ref)
            if chance.random() < 0.7:
                await claims.release(TENANT, document, [job])

    await asyncio.gather(*(live() for _ in range(20)))
    claimed = {r["sha256"] for r in await pool.fetch("select distinct sha256 from muniment_claims.claims")}
    for ref in refs:
        assert await there(claims.blobs, ref) == (ref in claimed)


async def test_an_upload_that_breaks_off_claims_nothing(claims: Claims, pool: Any) -> None:
    """Neither a row nor bytes."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        await claims.put(TENANT, uuid4(), uuid4(), "original", broken())
    assert await pool.fetchval("select count(*) from muniment_claims.claims") == 0


async def test_an_absent_database_stores_nothing(claims: Claims, pool: Any) -> None:
    """`database_unavailable`, and no blob that nobody claims."""
    await pool.close()
    with pytest.raises(StepFailure) as error:
        await claims.put(TENANT, uuid4(), uuid4(), "original", pieces(b"orphan"))
    assert error.value.code is ErrorCode.DATABASE_UNAVAILABLE
    ref = f"sha256:{hashlib.sha256(b'orphan').hexdigest()}"
    assert not await there(claims.blobs, ref)


async def test_a_put_that_is_cancelled_leaves_nothing(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment the bytes are put in place: neither claim nor bytes, and those of others stay."""
    begun, ended, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    place = LocalBlobs._place

    def slow(*given: Any) -> None:
        try:
            place(*given)
        finally:
            loop.call_soon_threadsafe(begun.set)
            time.sleep(0.2)
            loop.call_soon_threadsafe(ended.set)

    kept = await claims.put(TENANT, uuid4(), uuid4(), "original", pieces(b"kept"))
    monkeypatch.setattr(LocalBlobs, "_place", slow)
    for content in (b"cancelled", b"kept"):
        begun.clear()
        ended.clear()
        putting = asyncio.create_task(claims.put(TENANT, uuid4(), uuid4(), "original", pieces(content)))
        await begun.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        await ended.wait()
    assert not await there(claims.blobs, f"sha256:{hashlib.sha256(b'cancelled').hexdigest()}")
    assert await there(claims.blobs, kept.ref)
    assert await pool.fetchval("select count(*) from muniment_claims.claims") == 1


def envelope(event: Event) -> Envelope:
    """A record's envelope under our tenant."""
    return Envelope(event, example.metadata("x"), Record("muniment.documents", b"k", b"", (), 0, 0, 0))


async def purge(step: Purging, event: Event) -> list[Any]:
    """What the step yields."""
    return [result async for result in step.run(envelope(event))]


def extracted(document: UUID, job: UUID, version: int) -> DocumentExtracted:
    """Its text was stored."""
    return DocumentExtracted(
        document_id=document,
        version=version,
        job_id=job,
        media_type="text/plain",
        title=None,
        text_blob="",
        characters=1,
        pages=None,
        findings={},
    )


async def test_a_deletion_releases_what_its_versions_held(claims: Claims, pool: Any) -> None:
    """Originals and texts of the deleted jobs go, what others share stays, and the counts say so."""
    step = Purging(claims, DecidingStore(pool), IndexingStore(pool))
    document, job, other = uuid4(), uuid4(), uuid4()
    await claims.put(TENANT, document, job, "original", pieces(b"mine"))
    text = await claims.put(TENANT, document, job, "text", pieces(b"my text"))
    await claims.put(TENANT, document, job, "text", pieces(b"common"))
    await claims.put(TENANT, other, uuid4(), "original", pieces(b"common"))
    gone = DocumentDeleted(document_id=document, version=1, job_id=uuid4(), jobs=(job,), reason="asked")
    (purged,) = await purge(step, gone)
    assert isinstance(purged, DocumentPurged)
    assert (purged.blobs_removed, purged.blobs_shared, purged.version) == (2, 1, 1)
    assert not await there(claims.blobs, text.ref)


async def test_an_unchanged_submission_gives_its_own_claim_back(claims: Claims, pool: Any) -> None:
    """The active version's claim on the same bytes stays."""
    step = Purging(claims, DecidingStore(pool), IndexingStore(pool))
    document, first, second = uuid4(), uuid4(), uuid4()
    blob = await claims.put(TENANT, document, first, "original", pieces(b"same"))
    await claims.put(TENANT, document, second, "original", pieces(b"same"))
    assert await purge(step, DocumentUnchanged(document_id=document, version=1, job_id=second)) == []
    assert await there(claims.blobs, blob.ref)
    rows = await pool.fetch("select kind from muniment_claims.claims")
    assert [r["kind"] for r in rows] == [f"{first}/original"]


async def test_a_rejected_submission_gives_its_claim_back(claims: Claims, pool: Any) -> None:
    """Overtaken, cancelled ahead of its turn, or refused by its server: nothing stays claimed for ever."""
    step = Purging(claims, DecidingStore(pool), IndexingStore(pool))
    document, job = uuid4(), uuid4()
    blob = await claims.put(TENANT, document, job, "original", pieces(b"too late"))
    rejected = CommandRejected(
        document_id=document, job_id=job, command="SubmitDocument", code="overtaken", reason="too late"
    )
    assert await purge(step, rejected) == []
    assert not await there(claims.blobs, blob.ref)


async def test_a_text_that_came_after_the_deletion_goes_too(claims: Claims, pool: Any) -> None:
    """Extraction was under way: its text is released when it turns up, and that of a newer version is not."""
    deciding = DecidingStore(pool)
    step = Purging(claims, deciding, IndexingStore(pool))
    document, late, new = uuid4(), uuid4(), uuid4()
    await deciding.evolve(TENANT, document, lambda _: State(latest=2, deleted=1))
    late_text = await claims.put(TENANT, document, late, "text", pieces(b"late"))
    new_text = await claims.put(TENANT, document, new, "text", pieces(b"new"))
    # Nothing is said of it: its job has ended with the deletion, and must not look as if it had succeeded.
    assert await purge(step, extracted(document, late, 1)) == []
    assert await purge(step, extracted(document, new, 2)) == []
    assert not await there(claims.blobs, late_text.ref)
    assert await there(claims.blobs, new_text.ref)


async def test_a_cancelled_job_gives_everything_back(claims: Claims, pool: Any) -> None:
    """Original, text and counts go; what others share, and the other versions of the document, stay. Twice is once."""
    step = Purging(claims, DecidingStore(pool), IndexingStore(pool))
    document, job, other = uuid4(), uuid4(), uuid4()
    mine = await claims.put(TENANT, document, job, "original", pieces(b"mine"))
    common = await claims.put(TENANT, document, job, "text", pieces(b"common"))
    await claims.put(TENANT, document, other, "text", pieces(b"common"))
    gone = JobCancelled(document_id=document, version=2, job_id=job, reason="")
    (rolled,) = await purge(step, gone)
    assert isinstance(rolled, VersionRolledBack)
    assert (rolled.version, rolled.job_id, rolled.blobs_removed, rolled.blobs_shared) == (2, job, 1, 1)
    assert not await there(claims.blobs, mine.ref)
    assert await there(claims.blobs, common.ref)
    assert len(await purge(step, gone)) == 1
    assert await there(claims.blobs, common.ref)


async def test_a_closed_job_claims_nothing_any_more(claims: Claims, pool: Any) -> None:
    """What a step of it was storing meanwhile is not kept; others store the same content as before."""
    document, job = uuid4(), uuid4()
    await claims.close(TENANT, document, job)
    late = await claims.put(TENANT, document, job, "text", pieces(b"late"))
    assert not await there(claims.blobs, late.ref)
    assert await pool.fetchval("select count(*) from muniment_claims.claims") == 0
    assert await claims.put(TENANT, document, uuid4(), "text", pieces(b"late")) == late
    assert await there(claims.blobs, late.ref)


async def test_nothing_outlives_a_job_that_closes_while_it_stores(claims: Claims, pool: Any) -> None:
    """Sixty times at once: a claim that came before the closing goes with it, and one that comes after is none."""

    async def live() -> None:
        document, job = uuid4(), uuid4()
        await asyncio.gather(
            claims.put(TENANT, document, job, "text", pieces(job.bytes)), claims.close(TENANT, document, job)
        )

    for _ in range(10):
        await asyncio.gather(*(live() for _ in range(6)))
    assert await pool.fetchval("select count(*) from muniment_claims.claims") == 0
    root = claims.blobs._root / TENANT  # type: ignore[attr-defined]
    assert [path for path in root.rglob("*") if path.is_file()] == []
