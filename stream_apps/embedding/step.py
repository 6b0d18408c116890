"""Gives a batch of chunks its vectors: those that are known for nothing, the others from the model."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from decimal import Decimal

from muniment.producers.budget import Budget
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.embedding.models import Models, OneModel, Priced
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import MODEL_HEADER
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.embedding.known import KnownVectors
from muniment.stream_apps.embedding.saying import said
from muniment.stream_apps.embedding.vectors import Vectors
from muniment.stream_apps.unordered_step import UnorderedStep


class Embedding(UnorderedStep):
    """See `Step`. With the model that search reads, as the batch is stamped; others are the affair of `reembedding`.

    A batch of vectors does not depend on the one before it.
    """

    name = "embedding"
    reads: tuple[type[Event], ...] = (ChunksPrepared,)
    # Silent or slow, and many in line for it: the provider's affair either way.
    late = ErrorCode.PROVIDER_TIMEOUT

    def __init__(
        self,
        embedder: Embedder,
        known: KnownVectors,
        budget: Budget,
        now: Callable[[], datetime],
        *,
        price_per_million_tokens: Decimal,
        timeout_s: float,
        models: Models | None = None,
    ) -> None:
        self._vectors = Vectors(known, budget, now)
        self._models = models or OneModel(Priced(embedder.model, embedder, price_per_million_tokens))
        self.timeout_s = timeout_s

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event = envelope.event
        assert isinstance(event, ChunksPrepared)
        model = self._models.used_for(envelope.record.header(MODEL_HEADER) or "")
        made = await self._vectors.of(event, envelope.meta.tenant, model)
        yield ChunksEmbedded(**said(event, model, made))
