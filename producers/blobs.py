"""The port to the bytes that never ride in an event: stored once, by content hash (the claim-check pattern)."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

REF_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class Blob:
    """A claim check: `ref` is `sha256:` and the hex digest of the bytes."""

    ref: str
    size: int


def tenant_folder(tenant: str) -> str:
    """The folder of a tenant's blobs: one path segment whatever the name, `..` included."""
    return quote(tenant, safe="").replace(".", "%2E")


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
