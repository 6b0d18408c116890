"""The fold of what was said about embedding models. Pure; deciders, workers and read models share its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from muniment.schemas.embedding_models import (
    EmbeddingModel,
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
)
from muniment.schemas.event import Event


@dataclass(frozen=True, slots=True)
class EmbeddingModels:
    """Which models there are beside that of the settings, and which of all search reads.

    Attributes:
        added: Those that migrations brought in and that were not dropped, by name.
        paused: Those that nothing is embedded with beside the live one.
        dropped: Names that are gone for good, that of the settings' model perhaps among them.
        live: What search reads; empty: the model of the settings.
        switched: Whether search has ever been switched.

    """

    added: Mapping[str, EmbeddingModel] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    live: str = ""
    switched: bool = False

    def live_or(self, first: str) -> str:
        """What search reads, when `first` is the model of the settings."""
        return self.live or first

    def kept(self, first: str) -> tuple[str, ...]:
        """Every model whose vectors are kept up to date or paused, `first` (that of the settings) before the others."""
        return (*(() if first in self.dropped else (first,)), *self.added)

    def beside(self, first: str) -> tuple[str, ...]:
        """The models that a worker embeds with beside what the embedding step does.

        The first one has to be looked after from the first switch on: until then the embedding step uses no other.
        """
        wanted = self.kept(first) if self.switched else tuple(self.added)
        return tuple(model for model in wanted if model not in self.paused)


def fold_models(models: EmbeddingModels, event: Event) -> EmbeddingModels:
    """The models after an event; the same when it says nothing of them."""
    match event:
        case MigrationStarted():
            return replace(models, added={**models.added, event.model: model_of(event)})
        case MigrationPaused():
            return replace(models, paused=models.paused | {event.model})
        case MigrationResumed():
            return replace(models, paused=models.paused - {event.model})
        case EmbeddingsSwitched():
            return replace(models, live=event.model, switched=True)
        case EmbeddingsDropped():
            return replace(
                models,
                added={name: one for name, one in models.added.items() if name != event.model},
                paused=models.paused - {event.model},
                dropped=models.dropped | {event.model},
            )
        case _:
            return models


def model_of(event: MigrationStarted) -> EmbeddingModel:
    """The model that a migration brings in."""
    return EmbeddingModel(
        name=event.model,
        served_as=event.served_as,
        dimensions=event.dimensions,
        base_url=event.base_url,
        query_prefix=event.query_prefix,
        passage_prefix=event.passage_prefix,
        ask_dimensions=event.ask_dimensions,
        price_per_million_tokens=event.price_per_million_tokens,
    )
