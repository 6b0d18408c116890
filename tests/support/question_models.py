"""Embedding models of an API in memory."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from muniment.api.models.port import Overview
from muniment.producers.embedding.models import Priced
from muniment.projections.chunks.live_model import Coverage, LiveRow, ModelRow, Whole
from muniment.schemas.embedding_models import EmbeddingModel
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

AT = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
NAMED = "https://other.example/v1"
"""The one other endpoint that the settings name."""


class MemoryModels:
    """See `QuestionModels`: `first` by `embedder`; others are brought in by hand."""

    def __init__(self, embedder: Any, other: Any = None) -> None:
        self.first = Priced(embedder.model, embedder, Decimal(0))
        self.other = other or embedder
        self.rows: dict[str, ModelRow] = {}
        self.covered: dict[str, Coverage] = {}
        self.reads = ""
        self.whole = Whole(batches=10, chunks=400, texts=200, tokens=40_000)

    def bring(self, model: EmbeddingModel, batches: int, state: str = "kept") -> None:
        """A model with vectors of so many batches."""
        self.rows[model.name] = ModelRow(model, state, "better", "key:test", AT, AT)
        self.covered[model.name] = Coverage(batches, batches * 40, 1000, 250)

    async def live(self) -> Priced:
        """See `QuestionModels.live`."""
        return await self.named(self.reads) or self.first

    async def overview(self) -> Overview:
        """See `QuestionModels.overview`."""
        live = LiveRow(self.reads, self.first.name, "best", "key:test", AT) if self.reads else None
        covered = {self.first.name: Coverage(10, 400, 5000, 0), **self.covered}
        dimensions = self.first.embedder.dimensions
        return Overview(self.first.name, dimensions, tuple(self.rows.values()), live, covered, self.whole)

    async def named(self, name: str) -> Priced | None:
        """See `QuestionModels.named`."""
        if name == self.first.name:
            return self.first
        row = self.rows.get(name)
        return Priced(name, self.other, Decimal(0)) if row and row.state != "dropped" else None

    def probe(self, model: EmbeddingModel) -> Priced:
        """See `QuestionModels.probe`."""
        if model.base_url not in {"", NAMED}:
            raise StepFailure(ErrorCode.PROVIDER_AUTH, "the settings do not name the endpoint of this model")
        return Priced(model.name, self.other, Decimal(0))
