"""The fold of what was said about embedding models, and who embeds what because of it."""

from muniment.producers.operations.models import EmbeddingModels, fold_models
from muniment.schemas.embedding_models import (
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
)
from muniment.schemas.event import Event

FIRST, OTHER = "e5", "big#1024"
STARTED = MigrationStarted(
    model=OTHER,
    served_as="big",
    dimensions=1024,
    base_url="",
    query_prefix="q",
    passage_prefix="p",
    ask_dimensions=True,
    price_per_million_tokens=0.1,
    reason="why",
)
SWITCHED = EmbeddingsSwitched(model=OTHER, previous=FIRST, reason="why")
BACK = EmbeddingsSwitched(model=FIRST, previous=OTHER, reason="why")


def after(*events: Event) -> EmbeddingModels:
    """The models after these events."""
    models = EmbeddingModels()
    for event in events:
        models = fold_models(models, event)
    return models


def test_before_any_migration_there_is_one_model() -> None:
    """It is live, it is kept, and nobody embeds beside the embedding step."""
    assert after().live_or(FIRST) == FIRST
    assert after().kept(FIRST) == (FIRST,)
    assert after().beside(FIRST) == ()


def test_a_migration_is_embedded_beside_the_live_model() -> None:
    """Until it is paused, and again when it goes on; the first model needs nobody as long as nothing was switched."""
    assert after(STARTED).beside(FIRST) == (OTHER,)
    assert after(STARTED).added[OTHER].query_prefix == "q"
    assert after(STARTED, MigrationPaused(model=OTHER, reason="why")).beside(FIRST) == ()
    paused = MigrationPaused(model=OTHER, reason="why"), MigrationResumed(model=OTHER, reason="why")
    assert after(STARTED, *paused).beside(FIRST) == (OTHER,)


def test_after_a_switch_both_are_kept_up_to_date() -> None:
    """So that switching back is as easy; after switching back, too: batches that were stamped meanwhile need both."""
    assert after(STARTED, SWITCHED).live_or(FIRST) == OTHER
    assert after(STARTED, SWITCHED).beside(FIRST) == (FIRST, OTHER)
    assert after(STARTED, SWITCHED, BACK).live_or(FIRST) == FIRST
    assert after(STARTED, SWITCHED, BACK).beside(FIRST) == (FIRST, OTHER)


def test_nobody_embeds_with_what_was_dropped() -> None:
    """Neither with the other model nor with the first."""
    dropped = after(STARTED, EmbeddingsDropped(model=OTHER, reason="why"))
    assert (dropped.beside(FIRST), dropped.dropped) == ((), {OTHER})
    first = after(STARTED, SWITCHED, EmbeddingsDropped(model=FIRST, reason="why"))
    assert first.beside(FIRST) == (OTHER,)
    assert first.kept(FIRST) == (OTHER,)
