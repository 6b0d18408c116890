"""Places outside: where a checkpoint is put so that whoever runs this house cannot deny it later.

A folder (best one that another machine or a write-once medium provides), or a bucket of anything that speaks S3. What
is there is never replaced. On a bucket with object lock and a default retention the store itself sees to that.
"""

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from muniment.producers.disk import is_full
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_RETRY = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}


class Place(Protocol):
    """The port."""

    async def put(self, name: str, content: bytes) -> bytes | None:
        """Put it there, durably. When another content has that name already: leave it, and give it back.

        Raises:
            StepFailure: `blob_unavailable`, `disk_full`.

        """
        ...


class FolderPlace:
    """A folder; `name` may have slashes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes) -> bytes | None:
        """See `Place.put`."""
        try:
            return await asyncio.to_thread(self._put, self._root / name, content)
        except OSError as error:
            code = ErrorCode.DISK_FULL if is_full(error) else ErrorCode.BLOB_UNAVAILABLE
            raise StepFailure(code, f"the place of checkpoints: {type(error).__name__}") from error

    def _put(self, path: Path, content: bytes) -> bytes | None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with draft.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            found = path.read_bytes()
            return None if found == content else found
        finally:
            draft.unlink()
        return None


class S3Place:
    """A bucket. Uploads carry a SHA-256, which object lock asks for, and the condition that nothing is there yet."""

    def __init__(self, bucket: str, **options: Any) -> None:
        given = {"retry_config": _RETRY, "checksum_algorithm": "SHA256", **options}
        self._store = S3Store(bucket, **given)

    async def put(self, name: str, content: bytes) -> bytes | None:
        """See `Place.put`."""
        try:
            try:
                await obstore.put_async(self._store, name, content, mode="create", use_multipart=False)
            except (AlreadyExistsError, FileExistsError):
                found = bytes(await (await obstore.get_async(self._store, name)).bytes_async())
                return None if found == content else found
        except (BaseError, OSError) as error:
            detail = f"the place of checkpoints: {type(error).__name__}"
            raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, detail) from error
        return None
