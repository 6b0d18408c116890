"""One suite for every blob store: the local folder and an S3 server keep the same promises."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.ports import free_port

from muniment.producers.blobs import Blob, BlobStore, Stored, download, file_pieces
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.s3_blobs import S3Blobs
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

BUCKET = "muniment-test"
FAKE: dict[str, Any] = {"access_key_id": "not-a-key", "secret_access_key": "not-a-secret", "region": "us-east-1"}


def options(port: int) -> dict[str, Any]:
    """What S3Blobs needs for a server on this machine."""
    return FAKE | {"endpoint": f"http://127.0.0.1:{port}", "client_options": {"allow_http": True}}


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """moto's S3 server, with our bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=FAKE["access_key_id"],
        aws_secret_access_key=FAKE["secret_access_key"],
        region_name=FAKE["region"],
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield port
    server.stop()


@pytest.fixture(params=["local", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """The store under test."""
    if request.param == "local":
        return LocalBlobs(tmp_path / "blobs")
    return S3Blobs(BUCKET, **options(request.getfixturevalue("s3_port")))


@pytest.fixture(params=["local", "s3"])
def cut_off(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A store that is away."""
    if request.param == "local":
        (tmp_path / "blobs").write_text("a file where the folder should be")
        return LocalBlobs(tmp_path / "blobs")
    return S3Blobs(BUCKET, **options(free_port()))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    for part in parts:
        yield part


async def read(blobs: BlobStore, tenant: str, ref: str) -> bytes:
    """Everything."""
    return b"".join([piece async for piece in blobs.open(tenant, ref)])


async def missing(blobs: BlobStore, tenant: str, ref: str) -> bool:
    """Whether reading it says that it is not there."""
    try:
        await read(blobs, tenant, ref)
    except StepFailure as error:
        return error.code is ErrorCode.BLOB_MISSING
    return False


@pytest.mark.parametrize("parts", [(), (b"",), (b"one",), (b"one", b"", b"two"), (bytes(9 << 20), b"end")])
async def test_what_is_put_reads_back(blobs: BlobStore, parts: tuple[bytes, ...]) -> None:
    """Nothing, a little, and more than one part of an upload; the reference is the digest."""
    whole = b"".join(parts)
    blob = await blobs.put("acme", pieces(*parts))
    assert blob == Blob(f"sha256:{hashlib.sha256(whole).hexdigest()}", len(whole))
    assert await read(blobs, "acme", blob.ref) == whole


async def test_the_same_content_is_one_blob(blobs: BlobStore) -> None:
    """Stored again nothing changes, and one removal takes it."""
    one, two = await blobs.put("acme", pieces(b"twice")), await blobs.put("acme", pieces(b"tw", b"ice"))
    assert one == two
    assert await blobs.delete("acme", one.ref)
    assert not await blobs.delete("acme", one.ref)
    assert await missing(blobs, "acme", one.ref)
    assert await blobs.put("acme", pieces(b"twice")) == one
    assert await read(blobs, "acme", one.ref) == b"twice"


@pytest.mark.parametrize(
    "stranger", ["other", "acme/x", "..", ".", "../acme", "ac%6De", "ACME", "drafts", ".drafts", "가나"]
)
async def test_a_tenant_sees_its_own_only(blobs: BlobStore, stranger: str) -> None:
    """The same reference under another tenant, however it is called, is another blob."""
    blob = await blobs.put("acme", pieces(b"ours"))
    await blobs.delete(stranger, blob.ref)
    assert await missing(blobs, stranger, blob.ref)
    theirs = await blobs.put(stranger, pieces(b"ours"))
    assert await read(blobs, stranger, theirs.ref) == b"ours"
    assert await blobs.delete(stranger, theirs.ref)
    assert await read(blobs, "acme", blob.ref) == b"ours"


@pytest.mark.parametrize(
    "ref", ["", "sha256:", "sha256:../../etc", "x" * 64, "sha256:" + "A" * 64, "sha256:" + "0" * 64]
)
async def test_what_is_no_blob_is_missing(blobs: BlobStore, ref: str) -> None:
    """A reference that nobody gave out is `blob_missing`, whatever it looks like."""
    assert await missing(blobs, "acme", ref)


class GoneError(OSError):
    """What a source may raise, an error of the system included."""


async def test_a_stream_that_breaks_off_leaves_nothing(blobs: BlobStore) -> None:
    """The source's own error comes through as it is; neither a blob nor a claim of it is there."""
    begun = []

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise GoneError("the client went away")

    @asynccontextmanager
    async def guard(blob: Blob) -> AsyncIterator[None]:
        begun.append(blob)
        yield

    with pytest.raises(GoneError):
        await blobs.put("acme", broken(), guard)
    assert begun == []
    assert await missing(blobs, "acme", f"sha256:{hashlib.sha256(b'half').hexdigest()}")


async def test_the_guard_surrounds_the_moment_it_appears(blobs: BlobStore) -> None:
    """Before it the blob is not there, after it it is; a guard that refuses leaves nothing."""
    seen = []

    @asynccontextmanager
    async def guard(blob: Blob) -> AsyncIterator[None]:
        seen.append(await missing(blobs, "acme", blob.ref))
        yield
        seen.append(await missing(blobs, "acme", blob.ref))

    @asynccontextmanager
    async def refusing(blob: Blob) -> AsyncIterator[None]:
        raise RuntimeError("no")
        yield

    await blobs.delete("acme", f"sha256:{hashlib.sha256(b'guarded').hexdigest()}")
    await blobs.put("acme", pieces(b"guarded"), guard)
    assert seen == [True, False]
    with pytest.raises(RuntimeError, match="no"):
        await blobs.put("acme", pieces(b"refused"), refusing)
    assert await missing(blobs, "acme", f"sha256:{hashlib.sha256(b'refused').hexdigest()}")


async def test_the_guard_is_not_left_before_it_is_decided(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is cancelled while the blob is put in place leaves the guard with it there, and never before."""
    begun, seen = asyncio.Event(), []
    for name, module in (("_place", LocalBlobs), ("_place", S3Blobs)):
        monkeypatch.setattr(module, name, slowed(getattr(module, name), begun, asyncio.get_running_loop()))

    @asynccontextmanager
    async def guard(blob: Blob) -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            seen.append(await missing(blobs, "acme", blob.ref))
            raise

    putting = asyncio.create_task(blobs.put("acme", pieces(b"cancelled"), guard))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert seen == [False]


def slowed(place: Any, begun: asyncio.Event, loop: asyncio.AbstractEventLoop) -> Any:
    """A blob that takes its time to its place; says when it is on its way."""

    def in_a_thread(*given: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(0.3)
        place(*given)

    async def in_a_call(*given: Any) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        await place(*given)

    return in_a_call if asyncio.iscoroutinefunction(place) else in_a_thread


async def test_a_blob_is_downloaded_for_our_eyes_only(blobs: BlobStore, tmp_path: Path) -> None:
    """Into a new file of mode 0600, in pieces, and back from a file."""
    blob = await blobs.put("acme", pieces(b"a" * 3_000_000))
    await download(blobs, "acme", blob.ref, tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert await blobs.put("acme", file_pieces(tmp_path / "file")) == blob


@pytest.mark.timeout(60)
async def test_an_absent_store_is_no_missing_blob(cut_off: BlobStore) -> None:
    """`blob_unavailable` from every method: a document must not be given up because its store is away."""
    ref = "sha256:" + "0" * 64
    for call in (cut_off.put("acme", pieces(b"x")), read(cut_off, "acme", ref), cut_off.delete("acme", ref)):
        with pytest.raises(StepFailure) as error:
            await call
        assert error.value.code is ErrorCode.BLOB_UNAVAILABLE


async def listed(blobs: BlobStore, after: str = "") -> list[Stored]:
    """All that is stored."""
    return [one async for one in blobs.stored(after)]


async def test_all_blobs_are_listed_in_an_order_that_stays(blobs: BlobStore) -> None:
    """Of all tenants, however they are called, and from the middle on; no drafts; each with the time it came."""
    began = datetime.now(UTC) - timedelta(seconds=5)
    wanted = set()
    for tenant in ("acme", "a.b", "acme/x", "drafts", "..", "가나"):
        for content in (b"listed one", b"listed two"):
            wanted.add((tenant, (await blobs.put(tenant, pieces(content))).ref))
    found = await listed(blobs)
    assert {(one.tenant, one.ref) for one in found} >= wanted
    assert len({one.name for one in found}) == len(found)
    assert all(began <= one.at for one in found if (one.tenant, one.ref) in wanted)
    for n in range(len(found)):
        assert await listed(blobs, found[n].name) == found[n + 1 :]


async def test_a_prefix_is_a_store_of_its_own(s3_port: int) -> None:
    """Others in the bucket are neither listed nor swept, and what is listed can be removed."""
    one, two = (S3Blobs(BUCKET, prefix=f"inner/{n}", **options(s3_port)) for n in "12")
    (mine, other) = [await blobs.put("acme", pieces(b"prefixed")) for blobs in (one, two)]
    assert mine == other
    assert [(found.tenant, found.ref) for found in await listed(one)] == [("acme", mine.ref)]
    assert await one.delete("acme", mine.ref)
    assert await listed(one) == []
    assert len(await listed(two)) == 1


@pytest.mark.parametrize("size", [10, 9 << 20])
async def test_drafts_that_a_kill_left_are_swept_when_they_are_old(s3_port: int, size: int) -> None:
    """And nothing else: neither younger ones, nor the blobs of a tenant whose name is that of the drafts."""
    import obstore
    from obstore.store import S3Store

    blobs, bucket = S3Blobs(BUCKET, **options(s3_port)), S3Store(BUCKET, **options(s3_port))
    kept = await blobs.put("drafts", pieces(b"kept"))
    await obstore.put_async(bucket, "drafts/0001", bytes(size))
    now = datetime.now(UTC)
    assert await blobs.drop_drafts(now - timedelta(days=1)) == 0
    assert await blobs.drop_drafts(now + timedelta(days=1)) == 1
    assert await blobs.drop_drafts(now + timedelta(days=1)) == 0
    assert await read(blobs, "drafts", kept.ref) == b"kept"


async def test_a_draft_is_overwritten_where_it_was_synced_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the disk, and not only in memory: a draft whose claim was refused is zeros there before its name goes."""
    synced: list[bytes] = []

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())

    monkeypatch.setattr(os, "fdatasync", note)

    @asynccontextmanager
    async def refusing(blob: Blob) -> AsyncIterator[None]:
        raise RuntimeError("no")
        yield

    with pytest.raises(RuntimeError, match="no"):
        await LocalBlobs(tmp_path).put("acme", pieces(b"in clear"), refusing)
    assert synced == [bytes(8)]
    assert files(tmp_path) == []


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
