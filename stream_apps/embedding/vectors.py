"""The vectors of a batch: those that are known for nothing, the others from a model, within the tenant's budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from muniment.producers.budget import Budget
from muniment.producers.embedding.cost import cost_micros
from muniment.producers.embedding.embedder import Embedded, nothing
from muniment.producers.embedding.models import Priced
from muniment.producers.embedding.paid import paying_for
from muniment.producers.embedding.vectors import pack_vectors
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metrics import CHUNKS_REUSED, EMBEDDING_COST
from muniment.schemas.personal import Redaction
from muniment.stream_apps.embedding.batch import assemble, missing
from muniment.stream_apps.embedding.known import KnownVectors


@dataclass(frozen=True, slots=True)
class Made:
    """The vectors of a batch as they travel, and what they cost."""

    content_hashes: tuple[bytes, ...]
    vectors: bytes
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


class Vectors:
    """Makes the vectors of batches."""

    def __init__(self, known: KnownVectors, budget: Budget, now: Callable[[], datetime]) -> None:
        self._known = known
        self._budget = budget
        self._now = now

    async def of(self, event: ChunksPrepared, tenant: str, model: Priced) -> Made:
        """The vectors of a batch by a model.

        Raises:
            StepFailure: `key_destroyed` when its texts can no longer be read, `budget_spent`, what an embedder raises.

        """
        if isinstance(event.texts, Redaction):
            raise StepFailure(ErrorCode.KEY_DESTROYED, "the document was erased before it was embedded")
        hashes = [place.content_hash for place in event.places]
        found = await self._known.find(tenant, model.name, hashes)
        # The same model may have been asked for another length before.
        vectors = {h: v for h, v in found.items() if len(v) == model.embedder.dimensions}
        todo = missing(hashes, [chunk.text for chunk in event.texts], vectors)
        fresh = await self._paid(tenant, todo.texts, model)
        joined = assemble(hashes, vectors | dict(zip(todo.hashes, fresh.vectors, strict=True)))
        cost = cost_micros(fresh.tokens, model.price_per_million_tokens)
        reused = len(hashes) - len(todo.hashes)
        CHUNKS_REUSED.inc(reused)
        EMBEDDING_COST.inc(cost)
        return Made(tuple(hashes), pack_vectors(joined), fresh.tokens, cost, len(todo.hashes), reused)

    async def _paid(self, tenant: str, texts: Sequence[str], model: Priced) -> Embedded:
        """Vectors from the model, within the budget; texts that are all known cost nothing and ask nobody."""
        if not texts:
            return nothing(model.embedder.dimensions)
        await self._budget.check(tenant, self._now())
        with paying_for(tenant):
            fresh = await model.embedder.embed(texts, purpose="passage")
        cost = cost_micros(fresh.tokens, model.price_per_million_tokens)
        await self._budget.spent(tenant, self._now(), fresh.tokens, cost)
        return fresh
