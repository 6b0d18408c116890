"""The port to the key-encryption keys: who wraps data keys, and opens them again (NIST SP 800-57, key wrapping)."""

import asyncio
from pathlib import Path
from typing import Protocol

from muniment.producers.key_file import FILE_PREFIX, KeyFile, read, unusable, ways_back
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class Wrapping(Protocol):
    """Wraps and unwraps data keys under key-encryption keys that never leave it.

    Every method raises `StepFailure(key_ring_unusable)` when the key-encryption key cannot be used right now: work
    waits then, because a key that cannot be unwrapped must not pass for one that was destroyed.
    """

    async def current(self) -> str:
        """The id of the key-encryption key that wraps from now on."""
        ...

    async def wrap(self, secret: bytes, *, aad: bytes) -> tuple[str, bytes]:
        """Wrap a secret; the id of the wrapping key, and the wrapped bytes."""
        ...

    async def unwrap(self, kek_id: str, wrapped: bytes, *, aad: bytes) -> bytes:
        """Open what `wrap` gave, with the same `aad`."""
        ...


class FileWrapping:
    """See `Wrapping`: the local key ring file, read again when it has been rotated meanwhile; it is never made here.

    Without a `key_file` it is read when something needs it: where another wraps, it may be missing for a time.
    """

    def __init__(self, key_file: KeyFile | None, path: Path | None = None) -> None:
        self._held = key_file or KeyFile("", {})
        self._path = path
        self._written_ns = 0

    async def current(self) -> str:
        """See `Wrapping.current`."""
        await self._read_again()
        return self._held.current

    async def wrap(self, secret: bytes, *, aad: bytes) -> tuple[str, bytes]:
        """See `Wrapping.wrap`."""
        if self._path is not None and _written(self._path) != self._written_ns:
            # It was rotated by another process: nothing new is wrapped by a key that is on its way out.
            await self._read_again()
        return self._held.wrap(secret, aad=aad)

    async def unwrap(self, kek_id: str, wrapped: bytes, *, aad: bytes) -> bytes:
        """See `Wrapping.unwrap`."""
        if kek_id not in self._held.keys:
            try:
                await self._read_again()
            except StepFailure as failure:
                raise _needed(kek_id, failure.detail) from failure
            if kek_id not in self._held.keys:
                raise _needed(kek_id, f"the key ring file {self._path or ''} has no wrapping key {kek_id}")
        return self._held.unwrap(kek_id, wrapped, aad=aad)

    async def _read_again(self) -> None:
        if self._path is not None:
            # Its time first: a rotation in between is seen by the next look, and never taken for what was read.
            written_ns = _written(self._path)
            self._held = await asyncio.to_thread(read, self._path)
            self._written_ns = written_ns


def _needed(kek_id: str, why: str) -> StepFailure:
    return StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"{kek_id} is needed, and {why}: {ways_back(kek_id)}")


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise unusable(path, error) from error


class MovingWrapping:
    """See `Wrapping`: wraps by `new`, and opens by the file what the file has wrapped, until all of it is moved."""

    def __init__(self, new: Wrapping, file: FileWrapping) -> None:
        self._new, self._file = new, file

    async def current(self) -> str:
        """See `Wrapping.current`."""
        return await self._new.current()

    async def wrap(self, secret: bytes, *, aad: bytes) -> tuple[str, bytes]:
        """See `Wrapping.wrap`."""
        return await self._new.wrap(secret, aad=aad)

    async def unwrap(self, kek_id: str, wrapped: bytes, *, aad: bytes) -> bytes:
        """See `Wrapping.unwrap`."""
        held = self._file if kek_id.startswith(FILE_PREFIX) else self._new
        return await held.unwrap(kek_id, wrapped, aad=aad)
