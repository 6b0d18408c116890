"""The blob store on anything that speaks S3, through `obstore` (Rust's object_store): multipart uploads, retries."""

import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from muniment.producers.blobs import REF_PREFIX, Blob, Guard, Stored, stored_blob, tenant_folder, unguarded
from muniment.producers.to_the_end import to_the_end
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_PIECE = 8 * 1024 * 1024
_PAGE = 1000
_DRAFTS = "drafts"
_RETRY = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}


class S3Blobs:
    """See `BlobStore`. The upload goes to a draft key, since its digest is known only at the end; then it is copied."""

    def __init__(self, bucket: str, **options: Any) -> None:
        # Unless told otherwise give up soon: the record is retried with more patience than a request should have.
        self._store = S3Store(bucket, **{"retry_config": _RETRY, **options})

    async def put(self, tenant: str, chunks: AsyncIterator[bytes], guard: Guard = unguarded) -> Blob:
        """See `BlobStore.put`."""
        draft = f"{_DRAFTS}/{uuid4()}"
        try:
            blob = await self._upload(draft, chunks)
            async with guard(blob):
                with _away():
                    # What S3 has been asked for it may do; the guard is not to be left before it is known.
                    await to_the_end(self._place(draft, _key(tenant, blob.ref)))
            return blob
        finally:
            # A draft that stays is swept; what went wrong before must not be hidden behind it.
            with contextlib.suppress(StepFailure), _away():
                await obstore.delete_async(self._store, draft)

    async def _place(self, draft: str, key: str) -> None:
        await obstore.copy_async(self._store, draft, key)

    async def _upload(self, draft: str, chunks: AsyncIterator[bytes]) -> Blob:
        digest, size = hashlib.sha256(), 0
        out = obstore.open_writer_async(self._store, draft, buffer_size=_PIECE)
        try:
            # Only our own calls are translated: an error of the source is the caller's, and goes through.
            async for piece in chunks:
                digest.update(piece)
                size += len(piece)
                with _away():
                    await out.write(piece)
        except BaseException:
            with contextlib.suppress(StepFailure), _away():
                await out.close()
            raise
        with _away():
            await out.close()
        return Blob(REF_PREFIX + digest.hexdigest(), size)

    async def open(self, tenant: str, ref: str) -> AsyncIterator[bytes]:
        """See `BlobStore.open`."""
        with _away(ref):
            answer = await obstore.get_async(self._store, _key(tenant, ref))
            async for piece in answer.stream():
                yield bytes(piece)

    async def delete(self, tenant: str, ref: str) -> bool:
        """See `BlobStore.delete`."""
        with _away():
            try:
                await obstore.head_async(self._store, _key(tenant, ref))
            except (FileNotFoundError, NotFoundError):
                return False
            await obstore.delete_async(self._store, _key(tenant, ref))
            return True

    async def stored(self, after: str) -> AsyncGenerator[Stored, None]:
        """See `BlobStore.stored`."""
        with _away():
            async for page in obstore.list(self._store, offset=after or None, chunk_size=_PAGE):
                for one in page:
                    if found := stored_blob(one["path"], one["last_modified"]):
                        yield found

    async def drop_drafts(self, before: datetime) -> int:
        """See `BlobStore.drop_drafts`."""
        gone = 0
        with _away():
            # Not what lies deeper: a tenant may be called like the drafts.
            found = await obstore.list_with_delimiter_async(self._store, _DRAFTS)
            for one in found["objects"]:
                if one["last_modified"] < before:
                    await obstore.delete_async(self._store, one["path"])
                    gone += 1
        return gone


def _key(tenant: str, ref: str) -> str:
    digest = ref.removeprefix(REF_PREFIX)
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 - hex of SHA-256
        raise StepFailure(ErrorCode.BLOB_MISSING, "not the reference of a blob")
    return f"{tenant_folder(tenant)}/{digest[:2]}/{digest}"


@contextmanager
def _away(ref: str = "") -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotFoundError):
        raise StepFailure(ErrorCode.BLOB_MISSING, f"no blob {ref}") from None
    except (BaseError, OSError) as error:
        raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, f"blob store: {type(error).__name__}") from error
