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

    async def names(self, folder: str, after: str = "") -> list[str]:
        """The names of what lies in a folder, in order; only those that come after a name. Raises as `put`."""
        ...

    async def get(self, name: str) -> bytes:
        """What lies there. Raises as `put`, and when there is nothing of that name."""
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
            raise _away(error) from error

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

    async def names(self, folder: str, after: str = "") -> list[str]:
        """See `Place.names`."""
        try:
            found = await asyncio.to_thread(self._listed, folder)
        except OSError as error:
            raise _away(error) from error
        return [name for name in found if name > after]

    def _listed(self, folder: str) -> list[str]:
        if not self._root.is_dir() and self._root.exists():
            raise NotADirectoryError(self._root)
        # A draft of somebody who was killed, or is at it, begins with a dot.
        return sorted(f"{folder}/{path.name}" for path in (self._root / folder).glob("[!.]*") if path.is_file())

    async def get(self, name: str) -> bytes:
        """See `Place.get`."""
        try:
            return await asyncio.to_thread((self._root / name).read_bytes)
        except OSError as error:
            raise _away(error) from error


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
            raise _away(error) from error
        return None

    async def names(self, folder: str, after: str = "") -> list[str]:
        """See `Place.names`."""
        found: list[str] = []
        try:
            async for batch in obstore.list(self._store, prefix=f"{folder}/", offset=after or None):
                found += [one["path"] for one in batch]
        except (BaseError, OSError) as error:
            raise _away(error) from error
        return sorted(found)

    async def get(self, name: str) -> bytes:
        """See `Place.get`."""
        try:
            return bytes(await (await obstore.get_async(self._store, name)).bytes_async())
        except (BaseError, OSError) as error:
            raise _away(error) from error


def _away(error: Exception) -> StepFailure:
    code = ErrorCode.DISK_FULL if isinstance(error, OSError) and is_full(error) else ErrorCode.BLOB_UNAVAILABLE
    return StepFailure(code, f"the place of checkpoints: {type(error).__name__}")
