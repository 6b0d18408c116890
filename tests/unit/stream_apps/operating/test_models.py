"""What commands about embedding models lead to."""

from typing import Any

import pytest

from muniment.schemas.embedding_models import (
    DropEmbeddings,
    EmbeddingsCompared,
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrateEmbeddings,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
    PauseMigration,
    RecordComparison,
    ResumeMigration,
    SwitchEmbeddings,
)
from muniment.stream_apps.operating.models import Against, Known, after, decide_model

FIRST, OTHER = "e5", "big#1024"
KNOWN = Known(FIRST, {OTHER: "kept"})
LIVE = Known(FIRST, {OTHER: "kept"}, OTHER)
MODEL: dict[str, Any] = {
    "model": "big",
    "dimensions": 1024,
    "base_url": "",
    "query_prefix": "q: ",
    "passage_prefix": "p: ",
    "ask_dimensions": False,
    "price_per_million_tokens": 0.1,
    "reason": "why",
}


def refused(command: Any, known: Known, gaps: int = 0) -> str:
    """The code with which a command is decided against."""
    with pytest.raises(Against) as caught:
        decide_model(command, known, gaps)
    assert caught.value.reason
    return caught.value.code


def test_a_migration_gets_a_name_of_its_own() -> None:
    """Also the second of the same model, after the first was dropped."""
    event = decide_model(MigrateEmbeddings(**MODEL), Known(FIRST), 0)
    assert isinstance(event, MigrationStarted)
    assert (event.model, event.served_as, event.query_prefix) == (OTHER, "big", "q: ")
    dropped = after(after(Known(FIRST), event), EmbeddingsDropped(model=OTHER, reason="why"))
    again = decide_model(MigrateEmbeddings(**MODEL), dropped, 0)
    assert isinstance(again, MigrationStarted)
    assert again.model == f"{OTHER}.2"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"model": " "}, "bad_model"),
        ({"dimensions": 0}, "bad_dimensions"),
        ({"dimensions": 4001}, "bad_dimensions"),
        ({"price_per_million_tokens": float("nan")}, "bad_price"),
        ({"price_per_million_tokens": -1.0}, "bad_price"),
        ({"reason": " "}, "reason_missing"),
    ],
)
def test_a_migration_that_cannot_be_is_refused(wrong: dict[str, Any], code: str) -> None:
    """Before anything is paid."""
    assert refused(MigrateEmbeddings(**{**MODEL, **wrong}), Known(FIRST)) == code


def test_the_same_model_is_not_brought_in_beside_itself() -> None:
    """It would be paid twice."""
    assert refused(MigrateEmbeddings(**MODEL), KNOWN) == "model_exists"


def test_search_is_switched_to_what_is_whole() -> None:
    """By its name, or by what its endpoint calls it; and back."""
    there = decide_model(SwitchEmbeddings(model="big", reason="why"), KNOWN, 0)
    assert there == EmbeddingsSwitched(model=OTHER, previous=FIRST, reason="why")
    assert after(KNOWN, there) == LIVE
    back = decide_model(SwitchEmbeddings(model=FIRST, reason="why"), LIVE, 0)
    assert back == EmbeddingsSwitched(model=FIRST, previous=OTHER, reason="why")
    assert after(LIVE, back).reads == FIRST


def test_search_is_not_switched_to_what_is_not() -> None:
    """Missing vectors, a paused or a dropped model, one that nobody knows, and the one it reads already."""
    switch = SwitchEmbeddings(model=OTHER, reason="why")
    assert refused(switch, KNOWN, gaps=7) == "embeddings_incomplete"
    assert refused(switch, Known(FIRST, {OTHER: "paused"})) == "migration_paused"
    assert refused(switch, Known(FIRST, {OTHER: "dropped"})) == "model_dropped"
    assert refused(switch, Known(FIRST)) == "unknown_model"
    assert refused(switch, LIVE) == "model_live"


def test_what_search_reads_is_not_dropped() -> None:
    """Anything else is, the settings' model too once search reads another; and once only."""
    assert refused(DropEmbeddings(model=OTHER, reason="why"), LIVE) == "model_live"
    assert refused(DropEmbeddings(model=FIRST, reason="why"), KNOWN) == "model_live"
    dropped = decide_model(DropEmbeddings(model=FIRST, reason="why"), LIVE, 0)
    assert dropped == EmbeddingsDropped(model=FIRST, reason="why")
    assert refused(DropEmbeddings(model=FIRST, reason="why"), after(LIVE, dropped)) == "model_dropped"
    assert refused(SwitchEmbeddings(model=FIRST, reason="why"), after(LIVE, dropped)) == "model_dropped"


def test_a_migration_is_paused_and_goes_on() -> None:
    """Neither twice; never what search reads, nor the model of the settings."""
    paused = decide_model(PauseMigration(model=OTHER, reason="why"), KNOWN, 0)
    assert paused == MigrationPaused(model=OTHER, reason="why")
    assert refused(PauseMigration(model=OTHER, reason="why"), after(KNOWN, paused)) == "migration_paused"
    resumed = decide_model(ResumeMigration(model=OTHER, reason="why"), after(KNOWN, paused), 0)
    assert resumed == MigrationResumed(model=OTHER, reason="why")
    assert refused(ResumeMigration(model=OTHER, reason="why"), KNOWN) == "not_paused"
    assert refused(PauseMigration(model=OTHER, reason="why"), LIVE) == "model_live"
    assert refused(PauseMigration(model=FIRST, reason="why"), LIVE) == "model_first"


def test_two_models_of_one_endpoint_name_are_told_apart() -> None:
    """A short name that could mean either means neither."""
    known = Known(FIRST, {"big#256": "kept", "big#1024": "kept"})
    assert refused(SwitchEmbeddings(model="big", reason="why"), known) == "unknown_model"


def test_a_comparison_is_kept_with_its_figures() -> None:
    """Those of a model that is there."""
    figures: dict[str, Any] = dict.fromkeys(("overlap", "ndcg", "reference_ndcg", "p50_ms", "p95_ms"), 0.5)
    figures |= {"reference_p50_ms": 1.0, "reference_p95_ms": 2.0, "k": 10, "queries": 3, "judged": 1}
    command = RecordComparison(model="big", reference=FIRST, reason="why", **figures)
    event = decide_model(command, KNOWN, 0)
    assert event == EmbeddingsCompared(model=OTHER, reference=FIRST, reason="why", **figures)
