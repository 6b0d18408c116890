"""The port to the bytes that never ride in an event: stored once, by content hash (the claim-check pattern)."""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

REF_PREFIX = "sha256:"
_NAME = re.compile(r"([^/.]+)/([0-9a-f]{2})/(\2[0-9a-f]{62})")


@dataclass(frozen=True, slots=True)
class Blob:
    """A claim check: `ref` is `sha256:` and the hex digest of the bytes."""

    ref: str
    size: int


def tenant_folder(tenant: str) -> str:
    """The folder of a tenant's blobs: one path segment whatever the name, `..` included."""
    return quote(tenant, safe="").replace(".", "%2E")


@dataclass(frozen=True, slots=True)
class Stored:
    """A blob as it lies in a store: under this `name`, since `at`."""

    name: str
    tenant: str
    ref: str
    at: datetime


def stored_blob(name: str, at: datetime) -> Stored | None:
    """What lies under a name, `None` when it is no blob: the reverse of `<tenant_folder>/<two digits>/<digest>`."""
    found = _NAME.fullmatch(name)
    return Stored(name, unquote(found[1]), REF_PREFIX + found[3], at) if found else None


Guard = Callable[[Blob], AbstractAsyncContextManager[None]]


def unguarded(_: Blob) -> AbstractAsyncContextManager[None]:
    """The guard of a store that nobody removes from."""
    return nullcontext()


class BlobStore(Protocol):
    """Bytes by content hash, each tenant's apart.

    Every method raises `StepFailure(blob_unavailable)` when the store is away; reading what is not there raises
    `StepFailure(blob_missing)`.
    """

    async def put(self, tenant: str, chunks: AsyncIterator[bytes], guard: Guard = unguarded) -> Blob:
        """Store a stream; the same content again changes nothing. What broke off half-way leaves nothing.

        `guard` is entered once the digest is known and left once the bytes are in place, so that a removal of the
        same content cannot come between.
        """
        ...

    def open(self, tenant: str, ref: str) -> AsyncIterator[bytes]:
        """The bytes, in pieces."""
        ...

    async def delete(self, tenant: str, ref: str) -> bool:
        """Remove the bytes; whether there were any."""
        ...

    def stored(self, after: str) -> AsyncGenerator[Stored, None]:
        """All blobs of all tenants in an order that stays, from the one that follows the name `after`."""
        ...

    async def drop_drafts(self, before: datetime) -> int:
        """Remove what was begun before then by processes that have not ended it; how many there were."""
        ...


async def download(blobs: BlobStore, tenant: str, ref: str, path: Path) -> None:
    """Stream a blob into a new file of mode 0600."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:  # noqa: ASYNC230
        async for piece in blobs.open(tenant, ref):
            out.write(piece)


async def file_pieces(path: Path, size: int = 1 << 20) -> AsyncIterator[bytes]:
    """The bytes of a file in pieces of at most `size`."""
    with path.open("rb") as source:
        while piece := source.read(size):
            yield piece
