"""The embedding endpoint and the blob store behind their breakers: the same ports, which now can say `breaker_open`."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

from muniment.producers.blobs import Blob, BlobStore, Guard, Stored, unguarded
from muniment.producers.breakers.breaker import Breaker
from muniment.producers.embedding.embedder import Embedded, Embedder, Purpose


class GuardedEmbedder:
    """See `Embedder`; also raises `StepFailure(breaker_open)`."""

    def __init__(self, inner: Embedder, breaker: Breaker) -> None:
        self._inner = inner
        self._breaker = breaker

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """See `Embedder.embed`."""
        if not texts:
            return await self._inner.embed(texts, purpose=purpose)
        async with self._breaker.calling():
            return await self._inner.embed(texts, purpose=purpose)


class GuardedBlobs:
    """See `BlobStore`; also raises `StepFailure(breaker_open)`."""

    def __init__(self, inner: BlobStore, breaker: Breaker) -> None:
        self._inner = inner
        self._breaker = breaker

    async def put(self, tenant: str, chunks: AsyncIterator[bytes], guard: Guard = unguarded) -> Blob:
        """See `BlobStore.put`."""
        async with self._breaker.calling():
            return await self._inner.put(tenant, chunks, guard)

    async def open(self, tenant: str, ref: str) -> AsyncIterator[bytes]:
        """See `BlobStore.open`."""
        async with self._breaker.calling():
            async for piece in self._inner.open(tenant, ref):
                yield piece

    async def delete(self, tenant: str, ref: str) -> bool:
        """See `BlobStore.delete`."""
        async with self._breaker.calling():
            return await self._inner.delete(tenant, ref)

    async def stored(self, after: str) -> AsyncGenerator[Stored, None]:
        """See `BlobStore.stored`."""
        async with self._breaker.calling(), aclosing(self._inner.stored(after)) as found:
            async for one in found:
                yield one

    async def drop_drafts(self, before: datetime) -> int:
        """See `BlobStore.drop_drafts`."""
        async with self._breaker.calling():
            return await self._inner.drop_drafts(before)
