"""The models of a process: that of the settings, and those that migrations have brought in, each asked in its own way.

Which there are, every process folds from `muniment.operations`; the embedders are made when they are first needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from muniment.producers.embedding.embedder import Embedder
from muniment.producers.operations.models import EmbeddingModels
from muniment.schemas.embedding_models import EmbeddingModel, added
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@dataclass(frozen=True, slots=True)
class Priced:
    """An embedder with the name that its vectors carry, and its price in US dollars a million tokens."""

    name: str
    embedder: Embedder
    price_per_million_tokens: Decimal


Make = Callable[[EmbeddingModel], Priced]
"""Makes the embedder of a model; raises `StepFailure(provider_auth)` when its endpoint is not one of the settings'."""


class Models(Protocol):
    """The port."""

    @property
    def first(self) -> str:
        """The name of the settings' model."""
        ...

    def live(self) -> str:
        """What search reads, as far as this process knows; empty while it was never switched."""
        ...

    def used_for(self, stamp: str) -> Priced:
        """What the embedding step uses for a batch with this stamp (see `MODEL_HEADER`; empty without).

        Raises:
            StepFailure: `log_unavailable` when this process has not heard of the model yet; `provider_auth`.

        """
        ...

    def of(self, name: str) -> Priced:
        """A model by its name; raises as `used_for`."""
        ...


class OneModel:
    """`Models` where there is none but that of the settings."""

    def __init__(self, first: Priced) -> None:
        self._first = first

    @property
    def first(self) -> str:
        """See `Models.first`."""
        return self._first.name

    def live(self) -> str:
        """See `Models.live`."""
        return ""

    def used_for(self, stamp: str) -> Priced:
        """See `Models.used_for`."""
        del stamp
        return self._first

    def of(self, name: str) -> Priced:
        """See `Models.of`."""
        del name
        return self._first


class FoldedModels:
    """See `Models`. `folded` gives the models as they are known now."""

    def __init__(self, first: Priced, folded: Callable[[], EmbeddingModels], make: Make) -> None:
        self._first = first
        self._folded = folded
        self._make = make
        self._made: dict[str, Priced] = {}

    @property
    def first(self) -> str:
        """See `Models.first`."""
        return self._first.name

    def live(self) -> str:
        """See `Models.live`."""
        return self._folded().live

    def used_for(self, stamp: str) -> Priced:
        """See `Models.used_for`. What was dropped since the batch was stamped is replaced by what search reads."""
        models = self._folded()
        name = stamp if stamp and added(stamp) else self._first.name
        return self.of(models.live_or(self._first.name) if name in models.dropped else name)

    def of(self, name: str) -> Priced:
        """See `Models.of`."""
        if not added(name):
            return self._first
        model = self._folded().added.get(name)
        if model is None:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"this process has not read of the model {name} yet")
        if name not in self._made:
            self._made[name] = self._make(model)
        return self._made[name]
