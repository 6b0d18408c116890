"""The port to embedding models: the one that search reads, any other, and what there is of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from muniment.api.reading import reading
from muniment.producers.embedding.models import Make, Priced
from muniment.projections.chunks import live_model
from muniment.projections.chunks.live_model import Coverage, LiveRow, ModelRow, Whole
from muniment.schemas.embedding_models import EmbeddingModel


@dataclass(frozen=True, slots=True)
class Overview:
    """All models, the last switch, what there is of each by name, and of everything; `first` is the settings' model."""

    first: str
    first_dimensions: int
    models: tuple[ModelRow, ...]
    live: LiveRow | None
    coverage: Mapping[str, Coverage]
    whole: Whole

    @property
    def reads(self) -> str:
        """The name of the model that search reads."""
        added = {row.model.name for row in self.models}
        return self.live.model if self.live and self.live.model in added else self.first


class QuestionModels(Protocol):
    """Raises `StepFailure`: `database_unavailable`; `provider_auth` for an endpoint that the settings do not name."""

    async def live(self) -> Priced:
        """The model that search reads now: what a question is embedded with."""
        ...

    async def overview(self) -> Overview:
        """All there is to know of models."""
        ...

    async def named(self, name: str) -> Priced | None:
        """The model of that name; `None` when there are no vectors of it."""
        ...

    def probe(self, model: EmbeddingModel) -> Priced:
        """A model that nobody has brought in yet."""
        ...


class PostgresModels:
    """See `QuestionModels`; which model is live is asked of the read model at each question, beside its vectors."""

    def __init__(self, pool: Any, first: Priced, make: Make) -> None:
        self._pool = pool
        self._first = first
        self._make = make
        self._made: dict[str, Priced] = {}

    async def live(self) -> Priced:
        """See `QuestionModels.live`."""
        async with reading():
            model = await live_model.live_added(self._pool)
        return self._first if model is None else self._of(model)

    async def overview(self) -> Overview:
        """See `QuestionModels.overview`."""
        async with reading():
            models = tuple(await live_model.models(self._pool))
            kept = [self._first.name, *(row.model.name for row in models if row.model.name != self._first.name)]
            return Overview(
                first=self._first.name,
                first_dimensions=self._first.embedder.dimensions,
                models=models,
                live=await live_model.live(self._pool),
                coverage=await live_model.coverage(self._pool, kept),
                whole=await live_model.whole(self._pool),
            )

    async def named(self, name: str) -> Priced | None:
        """See `QuestionModels.named`."""
        found = await self.overview()
        row = next((one for one in found.models if one.model.name == name), None)
        if row is None:
            return self._first if name == self._first.name else None
        return None if row.state == "dropped" else self._of(row.model)

    def probe(self, model: EmbeddingModel) -> Priced:
        """See `QuestionModels.probe`."""
        return self._make(model)

    def _of(self, model: EmbeddingModel) -> Priced:
        if model.name not in self._made:
            self._made[model.name] = self._make(model)
        return self._made[model.name]
