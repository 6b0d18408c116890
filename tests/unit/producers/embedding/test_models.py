"""Which embedder a batch gets: what it is stamped with, unless that was dropped."""

from decimal import Decimal

import pytest
from support.embedder import FakeEmbedder

from muniment.producers.embedding.models import FoldedModels, Priced
from muniment.producers.operations.models import EmbeddingModels
from muniment.schemas.embedding_models import EmbeddingModel
from muniment.schemas.errors import StepFailure

OTHER = EmbeddingModel("big#6", "big", 6)
MADE: list[str] = []


def made(model: EmbeddingModel) -> Priced:
    """An embedder of a model."""
    MADE.append(model.name)
    return Priced(model.name, FakeEmbedder(model.served_as, model.dimensions), Decimal(2))


def models(**folded: object) -> FoldedModels:
    """The models of a process that has read so much."""
    MADE.clear()
    state = EmbeddingModels(**folded)  # type: ignore[arg-type]
    return FoldedModels(Priced("e5", FakeEmbedder("e5"), Decimal(1)), lambda: state, made)


@pytest.mark.parametrize(
    ("stamp", "live", "dropped", "used"),
    [
        ("", "", set(), "e5"),
        ("", "big#6", set(), "e5"),
        ("big#6", "big#6", set(), "big#6"),
        ("big#6", "e5", set(), "big#6"),
        ("e5", "e5", set(), "e5"),
        ("", "big#6", {"e5"}, "big#6"),
        ("gone#4", "big#6", {"gone#4"}, "big#6"),
        ("gone#4", "", {"gone#4"}, "e5"),
    ],
)
def test_the_stamp_says_who_embeds(stamp: str, live: str, dropped: set[str], used: str) -> None:
    """Also when search reads another model by now; what was dropped is replaced by what search reads."""
    found = models(added={OTHER.name: OTHER}, live=live, dropped=frozenset(dropped))
    assert found.used_for(stamp).name == used


def test_a_model_that_was_not_heard_of_is_waited_for() -> None:
    """A process that is behind on the operations must not embed with the wrong model."""
    with pytest.raises(StepFailure, match="log_unavailable"):
        models().used_for("big#6")


def test_an_embedder_is_made_once() -> None:
    """It holds connections, a rate and a memory."""
    found = models(added={OTHER.name: OTHER})
    assert found.of(OTHER.name) is found.of(OTHER.name)
    assert [OTHER.name] == MADE
