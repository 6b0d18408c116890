"""The blob store in a local folder: `<tenant>/<first two of the digest>/<digest>`, written aside and renamed."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from muniment.producers.blobs import REF_PREFIX, Blob, Guard, Stored, stored_blob, tenant_folder, unguarded
from muniment.producers.disk import is_full
from muniment.producers.own_folder import OwnFolder, remove
from muniment.producers.to_the_end import to_the_end
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_PIECE = 1 << 20


class LocalBlobs:
    """See `BlobStore`. Durable once `put` returns: file and folder are synced."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own: OwnFolder | None = None

    async def put(self, tenant: str, chunks: AsyncIterator[bytes], guard: Guard = unguarded) -> Blob:
        """See `BlobStore.put`."""
        descriptor, draft = self._draft()
        digest, size = hashlib.sha256(), 0
        try:
            with _closed_anyhow(os.fdopen(descriptor, "wb")) as out:
                async for piece in chunks:
                    with _away():
                        out.write(piece)
                    digest.update(piece)
                    size += len(piece)
                with _away():
                    out.flush()
                    # The disk takes its time; the loop has others to serve meanwhile.
                    await asyncio.to_thread(os.fsync, out.fileno())
            blob = Blob(REF_PREFIX + digest.hexdigest(), size)
            async with guard(blob):
                with _away():
                    # The thread goes on when nobody waits for it, and the guard is not to be left before it has ended.
                    await to_the_end(asyncio.to_thread(self._place, draft, self._path(tenant, blob.ref)))
            return blob
        finally:
            await asyncio.to_thread(remove, draft, synced=True)

    async def open(self, tenant: str, ref: str) -> AsyncIterator[bytes]:
        """See `BlobStore.open`."""
        try:
            source = self._path(tenant, ref).open("rb")
        except FileNotFoundError:
            raise StepFailure(ErrorCode.BLOB_MISSING, f"no blob {ref}") from None
        except OSError as error:
            raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, type(error).__name__) from error
        with source:
            while piece := source.read(_PIECE):
                yield piece

    async def delete(self, tenant: str, ref: str) -> bool:
        """See `BlobStore.delete`."""
        with _away():
            path = self._path(tenant, ref)
            there = path.exists()
            path.unlink(missing_ok=True)
            return there

    async def stored(self, after: str) -> AsyncGenerator[Stored, None]:
        """See `BlobStore.stored`."""
        last = tuple(after.split("/"))
        with _away():
            for folder in await asyncio.to_thread(_names, self._root):
                for first in await asyncio.to_thread(_names, self._root / folder):
                    if (folder, first) < last[:2]:
                        continue
                    for name, at in await asyncio.to_thread(_dated, self._root / folder / first):
                        found = stored_blob(f"{folder}/{first}/{name}", at)
                        if found and (folder, first, name) > last:
                            yield found

    async def drop_drafts(self, before: datetime) -> int:
        """Nothing is left to do: see `OwnFolder`."""
        del before
        return 0

    def _draft(self) -> tuple[int, Path]:
        with _away():
            if self._own is None or not self._own.path.exists():
                self._own = OwnFolder(self._root / ".drafts")
            descriptor, name = tempfile.mkstemp(dir=self._own.path)
            return descriptor, Path(name)

    def _path(self, tenant: str, ref: str) -> Path:
        digest = ref.removeprefix(REF_PREFIX)
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 - hex of SHA-256
            raise StepFailure(ErrorCode.BLOB_MISSING, "not the reference of a blob")
        return self._root / tenant_folder(tenant) / digest[:2] / digest

    def _place(self, draft: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            return
        draft.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _names(folder: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(path.name for path in folder.iterdir())
    return []


def _dated(folder: Path) -> list[tuple[str, datetime]]:
    found = []
    for name in _names(folder):
        with suppress(FileNotFoundError):
            found.append((name, datetime.fromtimestamp((folder / name).stat().st_mtime, UTC)))
    return found


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = ErrorCode.DISK_FULL if is_full(error) else ErrorCode.BLOB_UNAVAILABLE
        raise StepFailure(code, f"blob store: {type(error).__name__}") from error


@contextmanager
def _closed_anyhow(out: IO[bytes]) -> Iterator[IO[bytes]]:
    """Close it without a word: what is left in its buffer was synced, or belongs to a draft that goes."""
    try:
        yield out
    finally:
        with suppress(OSError):
            out.close()
