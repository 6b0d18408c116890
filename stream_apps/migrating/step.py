"""Embeds a batch with a model beside the one that the embedding step uses for it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from muniment.producers.embedding.models import Models
from muniment.producers.log_codec import LogCodec
from muniment.producers.urgency import working_for
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import MODEL_HEADER, ChunksReembedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.ids import result_id
from muniment.schemas.metadata import LANES
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Record
from muniment.stream_apps.embedding.saying import said
from muniment.stream_apps.embedding.vectors import Vectors
from muniment.stream_apps.migrating.wanted import Wanted
from muniment.stream_apps.unordered_step import UnorderedStep

BULK = LANES[-1]


class Reembedding(UnorderedStep):
    """See `Step`; one for each model, in a consumer group of its own that begins with the first record on the log.

    So the backlog and what comes are the same work. A batch that search will never show, that has vectors of the model
    or is stamped with it costs a look. Texts that nobody can read any more are passed over; no switch waits for them.
    """

    name = "reembedding"
    reads: tuple[type[Event], ...] = (ChunksPrepared,)
    late = ErrorCode.PROVIDER_TIMEOUT

    def __init__(
        self,
        model: str,
        models: Models,
        vectors: Vectors,
        wanted: Wanted,
        codec: LogCodec,
        *,
        now: Callable[[], datetime],
        timeout_s: float,
    ) -> None:
        self.branch = self._model = model
        self._models = models
        self._vectors = vectors
        self._wanted = wanted
        self._codec = codec
        self._now = now
        self.timeout_s = timeout_s

    def concerned(self, record: Record) -> bool:
        """See `Step.concerned`: not a batch that the embedding step uses the model for."""
        return (record.header(MODEL_HEADER) or self._models.first) != self._model

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta = envelope.event, envelope.meta
        assert isinstance(event, ChunksPrepared)
        if not self.concerned(envelope.record):
            return
        if isinstance(event.texts, Redaction) or not await self._wanted.wanted(meta.tenant, event, self._model):
            return
        model = self._models.of(self._model)
        # Whoever waits for a document does not wait behind a migration, whatever lane the document came by.
        with working_for(BULK):
            made = await self._vectors.of(event, meta.tenant, model)
        embedded = ChunksReembedded(**said(event, model, made))
        caused = meta.caused(step=self.name, event_type="ChunksReembedded", index=0, now=self._now())
        # Several models embed the same batch: each result has an id of its own.
        event_id = result_id(meta.event_id, f"{self.name}/{self._model}", "ChunksReembedded", 0)
        yield await self._codec.encode(embedded, replace(caused, event_id=event_id, lane=BULK))
