"""Counts batches in; when the last one is there, the version is indexed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentChunked, DocumentIndexed
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.ids import result_id
from muniment.schemas.record import Record
from muniment.stream_apps.indexing.completeness import whole
from muniment.stream_apps.indexing.store import IndexingStore
from muniment.stream_apps.step import Step


class Endings(Protocol):
    """Who decides how a version ends: it is cancelled or it is announced, whichever is said first."""

    async def announce(self, job_id: UUID) -> bool:
        """Whether the version of this job may be announced as whole; from then on it cannot be cancelled."""
        ...


class Indexing(Step):
    """See `Step`."""

    name = "indexing"
    reads: tuple[type[Event], ...] = (DocumentChunked, ChunksEmbedded)
    timeout_s = 30.0
    late = ErrorCode.DATABASE_UNAVAILABLE

    def __init__(
        self,
        store: IndexingStore,
        endings: Endings,
        codec: LogCodec,
        now: Callable[[], datetime],
        model: str,
        *,
        live: Callable[[], str] = lambda: "",
    ) -> None:
        self._store = store
        self._endings = endings
        self._codec = codec
        self._now = now
        self._model = model
        self._live = live

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta = envelope.event, envelope.meta
        if isinstance(event, ChunksEmbedded):
            await self._store.add_batch(meta.tenant, event)
        else:
            assert isinstance(event, DocumentChunked)
            await self._store.add_totals(meta.tenant, event)
        tally = await self._store.tally(meta.tenant, event)
        if not whole(tally) or not await self._endings.announce(event.job_id):
            return
        indexed = DocumentIndexed(
            document_id=event.document_id,
            version=event.version,
            job_id=event.job_id,
            chunks=tally.chunks,
            batches=tally.batches or 0,
            model=event.model if isinstance(event, ChunksEmbedded) else self._live() or self._model,
            tokens=tally.tokens,
            cost_micros=tally.cost_micros,
            embedded=tally.embedded,
            reused=tally.reused,
        )
        # Either the totals or any batch can come last: the id is that of the job's version, not of its cause.
        caused = meta.caused(step=self.name, event_type="DocumentIndexed", index=event.version, now=self._now())
        event_id = result_id(event.job_id, self.name, "DocumentIndexed", event.version)
        yield await self._codec.encode(indexed, replace(caused, event_id=event_id))
