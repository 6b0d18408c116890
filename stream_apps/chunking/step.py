"""Cuts a document's scrubbed text into chunks and puts them on the log in batches."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

from muniment.producers.blobs import BlobStore, download
from muniment.producers.key_ring import KeyRing
from muniment.producers.own_folder import scratch
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentChunked, DocumentExtracted
from muniment.schemas.embedding_models import MODEL_HEADER
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.child import LONGEST_WAIT_S, Children, ChildRun
from muniment.stream_apps.chunking.batches import batches
from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.hashing import content_hash
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.work import Chunked, Work, read, work
from muniment.stream_apps.overtaken import Deletions, overtaken
from muniment.stream_apps.progress import progressed
from muniment.stream_apps.step import Step


class Chunking(Step):
    """See `Step`."""

    name = "chunking"
    reads: tuple[type[Event], ...] = (DocumentExtracted,)

    def __init__(
        self,
        blobs: BlobStore,
        key_ring: KeyRing,
        children: Children,
        deletions: Deletions,
        *,
        folder: Path,
        policy: ChunkPolicy,
        timeout_s: float,
        live: Callable[[], str] = lambda: "",
    ) -> None:
        self._blobs = blobs
        self._key_ring = key_ring
        self._children = children
        self._deletions = deletions
        self._folder = folder
        self._policy = policy
        self._live = live
        self._limit_s = timeout_s
        # That is for its work in the child, for which it may have to wait behind others.
        self.timeout_s = LONGEST_WAIT_S + timeout_s

    def headers(self, item: Event) -> Mapping[str, str]:
        """See `Step.headers`: a batch is stamped with the model that search reads, so that all agree who embeds it."""
        live = self._live() if isinstance(item, ChunksPrepared) else ""
        return {MODEL_HEADER: live} if live else {}

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, tenant = envelope.event, envelope.meta.tenant
        assert isinstance(event, DocumentExtracted)
        key = await self._key_ring.tenant_key(tenant)
        async with scratch(self._folder, "chunking-") as folder:
            task = Work(folder / "text", folder / "chunks", folder / "progress", event.characters, self._policy)
            try:
                await download(self._blobs, tenant, event.text_blob, task.source)
            except StepFailure as error:
                if await overtaken(error, self._deletions, tenant, event.document_id, event.version):
                    return
                raise
            run: ChildRun[Chunked] = ChildRun(self._children, work, task, progress=task.progress, limit_s=self._limit_s)
            async with aclosing(run.progress()) as states:
                async for state in states:
                    yield progressed(self.name, event, state)
            count = 0
            for count, batch in enumerate(batches(read(task.target)), start=1):
                yield _prepared(event, count - 1, batch, key)
        yield DocumentChunked(
            document_id=event.document_id,
            version=event.version,
            job_id=event.job_id,
            chunks=run.result.chunks,
            batches=count,
            tokens=run.result.tokens,
        )


def _prepared(event: DocumentExtracted, number: int, batch: tuple[Chunk, ...], key: bytes) -> ChunksPrepared:
    return ChunksPrepared(
        document_id=event.document_id,
        version=event.version,
        job_id=event.job_id,
        batch=number,
        places=tuple(
            ChunkPlace(
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                page=chunk.page,
                tokens=chunk.tokens,
                content_hash=content_hash(chunk.text, key),
            )
            for chunk in batch
        ),
        texts=tuple(ChunkText(chunk.text, chunk.heading) for chunk in batch),
    )
