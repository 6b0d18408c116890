"""`muniment embeddings`, against an API in memory."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.scripted_api import ScriptedApi

PATH = "/v1/embedding-models"
ESTIMATE = {
    "name": "big#1024",
    "chunks": 400,
    "texts": 350,
    "tokens": 70_000,
    "price_per_million_tokens": 0.13,
    "cost": 0.0091,
    "texts_per_s": 25.0,
    "seconds": 4000.0,
}
DECIDED = [{"about": "big#1024"}]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    return ScriptedApi(monkeypatch)


def one(model: str, **more: Any) -> dict[str, Any]:
    """A model as the API tells of it."""
    told = {"model": model, "state": "live", "batches": 10, "missing_batches": 0, "dimensions": 384, "tokens": 70_000}
    return {**told, "cost_micros": 0, "changed_at": None, "reason": "", **more}


def test_every_model_is_listed_with_what_it_lacks(api: ScriptedApi) -> None:
    """No share is rounded up to all of it; of a dropped one nothing is counted."""
    other = one("big#1024", state="embedding", batches=1999, missing_batches=1, cost_micros=12_345, reason="better")
    gone = one("old#256", state="dropped", batches=0, missing_batches=2000)
    api.answers["GET", PATH] = {"live": "e5", "batches": 2000, "chunks": 80_000, "items": [one("e5"), other, gone]}
    told = api.run("embeddings").output
    assert "99.9%" in told
    assert "$0.0123" in told
    assert "search reads e5; it sees 80000 chunks in 2000 batches" in told
    assert "2000" not in next(line for line in told.splitlines() if "old#256" in line)


def test_a_migration_says_first_what_it_takes(api: ScriptedApi) -> None:
    """Price and time; and begins only when the answer is yes."""
    api.answers["POST", f"{PATH}/estimate"] = ESTIMATE
    api.answers["POST", PATH] = api.decides(events=DECIDED)
    words = ("embeddings", "migrate", "--to", "big", "--dimensions", "1024", "--price", "0.13", "--reason", "better")
    asked = api.run(*words, input="n\n")
    assert "big#1024: 350 different texts of 400 chunks, 70000 tokens" in asked.output
    assert "$0.0091" in asked.output
    assert "1 h 6 min, at the 25 texts a second measured just now" in asked.output
    assert (asked.exit_code, api.bodies("POST", PATH)) == (1, [])
    begun = api.run(*words, "--query-prefix", "q: ", "--yes")
    assert begun.exit_code == 0
    assert "muniment embeddings switch --to big#1024" in begun.output
    [body] = api.bodies("POST", PATH)
    assert (body["model"], body["query_prefix"], body["reason"]) == ("big", "q: ", "better")


def test_an_order_that_is_decided_against_says_why(api: ScriptedApi) -> None:
    """Exit code 1 with the reason; else what is so from now on, by the model's whole name."""
    api.answers["GET", PATH] = {"items": [one("big#1024", unreadable_batches=3)]}
    api.answers["POST", f"{PATH}/switch"] = api.decides(
        "rejected", code="embeddings_incomplete", reason="7 batches have no vectors"
    )
    refused = api.run("embeddings", "switch", "--to", "big", "--reason", "why")
    assert refused.exit_code == 1
    assert "7 batches have no vectors (embeddings_incomplete)" in refused.output
    assert "leaves out" not in refused.output
    api.answers["GET", PATH] = {"items": []}
    for word in ("pause", "resume", "drop"):
        api.answers["POST", f"{PATH}/{word}"] = api.decides(events=DECIDED)
        done = api.run("embeddings", word, "big", "--reason", "why")
        assert (done.exit_code, "big#1024" in done.output) == (0, True)


LEFT_OUT = (
    "big#1024 leaves out batches, which are found by their words only: 3 unreadable (their data keys are destroyed), "
    "2 discarded (as dead letters of the step reembedding)"
)


def test_what_a_model_leaves_out_is_said_with_the_reason(api: ScriptedApi) -> None:
    """In the list, and by the switch to it; of a model that leaves nothing out, or was dropped, nothing is said."""
    other = one("big#1024", state="complete", unreadable_batches=3, discarded_batches=2)
    gone = one("old#256", state="dropped", unreadable_batches=9, discarded_batches=0)
    first = one("e5", unreadable_batches=0, discarded_batches=0)
    api.answers["GET", PATH] = {"live": "e5", "batches": 10, "chunks": 400, "items": [first, other, gone]}
    told = api.run("embeddings").output
    assert [" ".join(LEFT_OUT.split())] == [" ".join(told[told.index("\nbig#1024 leaves") :].split())]
    api.answers["POST", f"{PATH}/switch"] = api.decides(events=DECIDED)
    done = api.run("embeddings", "switch", "--to", "big", "--reason", "why")
    assert done.output == f"search reads big#1024\n{LEFT_OUT}\n"
    as_json = api.run("embeddings", "switch", "--to", "big", "--reason", "why", "--json")
    assert json.loads(as_json.output)["outcome"] == "accepted"


def test_figures_that_cannot_be_had_hold_nothing_up(api: ScriptedApi) -> None:
    """They are for people; a model is switched to and dropped all the same."""
    api.answers["GET", PATH] = (500, {"code": "internal", "detail": "it takes too long"})
    api.answers["POST", f"{PATH}/switch"] = api.decides(events=DECIDED)
    done = api.run("embeddings", "switch", "--to", "big", "--reason", "why")
    assert (done.exit_code, done.output) == (0, "search reads big#1024\n")
    api.answers["POST", f"{PATH}/drop"] = api.decides(events=DECIDED)
    done = api.run("embeddings", "drop", "big", "--reason", "why")
    assert (done.exit_code, done.output) == (0, "the vectors of big#1024 are gone\n")


def test_a_drop_says_what_no_model_has_from_then_on(api: ScriptedApi) -> None:
    """Batches that the others left out; nothing of a model that has none for itself."""
    api.answers["POST", f"{PATH}/drop"] = api.decides(events=DECIDED)
    told = "batches that had vectors of no other model, and are found by their words only: 4\n"
    for count, said in ((4, told), (0, "")):
        api.answers["GET", PATH] = {"items": [one("e5", only_batches=7), one("big#1024", only_batches=count)]}
        done = api.run("embeddings", "drop", "big", "--reason", "why")
        assert done.output == f"the vectors of big#1024 are gone\n{said}"


def test_a_comparison_is_a_table_of_both(api: ScriptedApi, tmp_path: Path) -> None:
    """Questions one a line, or as JSON lines with what answers them."""
    live = {"model": "e5", "ndcg": 0.685, "p50_ms": 9.1, "p95_ms": 14.8}
    other = {"model": "big#1024", "ndcg": 0.731, "p50_ms": 61.0, "p95_ms": 120.4}
    api.answers["POST", f"{PATH}/compare"] = {"queries": 2, "judged": 1, "overlap": 0.5, "live": live, "other": other}
    whole = {
        "items": [{"model": "big#1024", "missing_batches": 0}, {"model": "old", "missing_batches": 3}],
        "batches": 9,
    }
    api.answers["GET", PATH] = whole
    file = tmp_path / "questions"
    file.write_text(
        'how many days of leave\n\n{"q": "who decides", "relevant": ["00000000-0000-4000-8000-000000000001"]}\n'
    )
    told = api.run("embeddings", "compare", "big", "--queries", str(file), "--reason", "why").output
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.startswith(("e5", "big"))}
    assert rows["e5"] == ["0.685", "9.1", "ms", "14.8", "ms"]
    assert rows["big#1024"] == ["0.731", "0.500", "61", "ms", "120.4", "ms"]
    assert "no vectors" not in told
    api.answers["GET", PATH] = {"items": [{"model": "big#1024", "missing_batches": 8}], "batches": 9}
    half = api.run("embeddings", "compare", "big", "--queries", str(file), "--reason", "why")
    assert (half.exit_code, "big#1024 has no vectors of 8 of 9 batches yet" in half.stderr) == (0, True)
    [body, _] = api.bodies("POST", f"{PATH}/compare")
    assert [one["q"] for one in body["queries"]] == ["how many days of leave", "who decides"]
    assert "relevant" in body["queries"][1]
    file.write_text("{broken\n")
    assert api.run("embeddings", "compare", "big", "--queries", str(file), "--reason", "why").exit_code == 2
