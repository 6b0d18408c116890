"""Routes of embedding models, and search while they are switched."""

from typing import Any
from uuid import uuid4

import pytest
from support.embedder import FakeEmbedder
from support.question_models import NAMED

from muniment.api.pages import Page
from muniment.projections.chunks.live_model import Coverage, ModelSwitched
from muniment.schemas.embedding_models import (
    DropEmbeddings,
    EmbeddingModel,
    MigrateEmbeddings,
    RecordComparison,
    SwitchEmbeddings,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

OTHER = EmbeddingModel("big#8", "big", 8)
PATH = "/v1/embedding-models"
MODEL = {"model": "big", "dimensions": 8, "price_per_million_tokens": 0.5}


@pytest.fixture
def other(world):
    """An embedder of another model."""
    world.models.other = FakeEmbedder("big", 8)
    return world.models.other


async def asked(world, method: str, path: str, body: Any = None, who: str = "operator") -> Any:
    """The answer of a route to an operator."""
    async with world.client() as http:
        return await http.request(method, PATH + path, json=body, headers=getattr(world, who))


async def test_every_model_is_listed_with_what_there_is_of_it(world):
    """The settings' model first; what is missing keeps a model from being complete, and the last switch says why."""
    world.models.bring(OTHER, batches=4)
    found = (await asked(world, "GET", "")).json()
    assert (found["live"], found["batches"], found["chunks"]) == ("fake", 10, 400)
    told = [(one["model"], one["state"], one["missing_batches"], one["cost_micros"]) for one in found["items"]]
    assert told == [("fake", "live", 0, 0), ("big#8", "embedding", 6, 250)]
    world.models.bring(OTHER, batches=10)
    world.models.reads = OTHER.name
    found = (await asked(world, "GET", "")).json()
    assert found["live"] == "big#8"
    told = [(one["model"], one["state"], one["reason"]) for one in found["items"]]
    assert told == [("fake", "complete", ""), ("big#8", "live", "best")]
    world.models.bring(OTHER, batches=0, state="dropped")
    world.models.reads = "fake"
    found = (await asked(world, "GET", "")).json()
    assert [(one["model"], one["state"]) for one in found["items"]] == [("fake", "live"), ("big#8", "dropped")]


async def test_a_model_that_leaves_batches_out_is_complete_without_them(world):
    """What nobody can read, what was discarded and what is missing are told apart; and what only one model has."""
    world.models.bring(OTHER, batches=5)
    world.models.covered[OTHER.name] = Coverage(5, 200, 1000, 250, unreadable=2, discarded=1)
    world.models.covered["fake"] = Coverage(10, 400, 5000, 0, alone=3)
    first, other = (await asked(world, "GET", "")).json()["items"]
    assert (other["state"], other["missing_batches"]) == ("embedding", 2)
    assert (other["unreadable_batches"], other["discarded_batches"], other["only_batches"]) == (2, 1, 0)
    assert (first["unreadable_batches"], first["discarded_batches"], first["only_batches"]) == (0, 0, 3)
    world.models.covered[OTHER.name] = Coverage(7, 280, 1000, 250, unreadable=2, discarded=1)
    _, other = (await asked(world, "GET", "")).json()["items"]
    assert (other["state"], other["missing_batches"]) == ("complete", 0)


async def test_an_estimate_counts_and_measures_and_begins_nothing(world, other):
    """Price by tokens of different texts, time by what the endpoint just did; the texts sent are nobody's."""
    answer = await asked(world, "POST", "/estimate", MODEL)
    found = answer.json()
    assert answer.status_code == 200
    assert (found["name"], found["texts"], found["tokens"], found["cost"]) == ("big#8", 200, 40_000, 0.02)
    assert found["seconds"] >= 0
    assert found["texts_per_s"] > 0
    assert [len(texts) for _, texts in other.calls] == [8, 8]
    assert world.publisher.sent == []


async def test_an_endpoint_that_cannot_serve_the_model_is_found_out_before(world, other):
    """No such model, another length, no answer; and an address that the settings do not name is not even asked."""
    other.script = lambda _: StepFailure(ErrorCode.EMBEDDING_BAD_ANSWER, "a vector of shape (384,)")
    answer = await asked(world, "POST", "/estimate", MODEL)
    assert (answer.status_code, answer.json()["code"]) == (409, "model_unusable")
    assert "(384,)" in answer.json()["detail"]
    other.script = lambda _: StepFailure(ErrorCode.PROVIDER_TIMEOUT, "no answer")
    assert (await asked(world, "POST", "/estimate", MODEL)).json()["code"] == "embedding_unavailable"
    elsewhere = {**MODEL, "base_url": "https://thief.example/v1", "reason": "why"}
    answer = await asked(world, "POST", "", elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_not_named")
    assert "thief" not in answer.text
    assert world.publisher.sent == []
    assert (await asked(world, "POST", "", {**elsewhere, "base_url": NAMED})).status_code == 202


async def test_what_an_operator_asks_for_is_a_command_on_the_log(world):
    """Bring in, switch, drop: each answered with where its decision will show."""
    answer = await asked(world, "POST", "", {**MODEL, "query_prefix": "q: ", "reason": "better"})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/operations/{answer.json()['operation_id']}"
    for path in ("/switch", "/drop", "/pause", "/resume"):
        body = {"model": OTHER.name, "reason": "why"}
        assert (await asked(world, "POST", path, body)).status_code == 202
        assert (await asked(world, "POST", path, body, who="reader")).status_code == 403
    events = [envelope.event for envelope in await world.sent()]
    assert isinstance(events[0], MigrateEmbeddings)
    assert (events[0].model, events[0].query_prefix, events[0].base_url) == ("big", "q: ", "")
    assert events[1] == SwitchEmbeddings(model=OTHER.name, reason="why")
    assert events[2] == DropEmbeddings(model=OTHER.name, reason="why")


async def test_a_comparison_keeps_figures_and_no_questions(world, other):
    """Both are asked each question, by vectors alone and of the model that made them; the words stay out of the log."""
    world.models.bring(OTHER, batches=10)
    world.add_hits(3)
    relevant = str(world.reads.hits["acme"][0].document_id)
    queries = [{"q": "my secret question", "relevant": [relevant]}, {"q": "another one"}]
    answer = await asked(world, "POST", "/compare", {"model": "big", "queries": queries, "k": 2, "reason": "why"})
    found = answer.json()
    assert answer.status_code == 202
    assert (found["queries"], found["judged"], found["overlap"]) == (2, 1, 1.0)
    assert (found["live"]["model"], found["other"]["model"]) == ("fake", "big#8")
    assert found["live"]["ndcg"] == found["other"]["ndcg"] == 1.0
    assert {(q.mode, q.model, q.pinned, q.k) for q in world.reads.asked} == {
        ("vector", "fake", True, 2),
        ("vector", "big#8", True, 2),
    }
    [envelope] = await world.sent()
    assert isinstance(envelope.event, RecordComparison)
    assert b"secret" not in world.publisher.sent[0].value
    unknown = {"model": "x", "queries": queries, "reason": "why"}
    answer = await asked(world, "POST", "/compare", unknown)
    assert (answer.status_code, "big#8" in answer.json()["detail"]) == (404, True)


async def test_search_embeds_a_question_with_the_model_that_it_reads(world, other):
    """And says which; when it is switched in between, the question is embedded anew with the new one."""
    world.models.bring(OTHER, batches=10)
    world.add_hits(1)
    search = world.reads.search

    async def switched(tenant: str, question: Any) -> Page[Any]:
        if question.model != OTHER.name:
            world.models.reads = OTHER.name
            raise ModelSwitched
        return await search(tenant, question)

    world.reads.search = switched
    async with world.client() as http:
        answer = await http.get("/v1/search", params={"q": "leave"}, headers=world.mine)
    assert answer.status_code == 200
    assert (answer.json()["model"], len(answer.json()["hits"])) == (OTHER.name, 1)
    [question] = world.reads.asked
    assert (question.model, len(question.vector), question.pinned) == (OTHER.name, 8, False)
    assert [texts for purpose, texts in other.calls if purpose == "query"] == [("leave",)]


async def test_a_model_whose_endpoint_is_not_named_here_leaves_the_words(world):
    """Hybrid search degrades and says so, as it does when an endpoint is away."""

    async def unnamed() -> Any:
        raise StepFailure(ErrorCode.PROVIDER_AUTH, "not named")

    world.models.live = unnamed
    world.add_hits(1)
    async with world.client() as http:
        answer = await http.get("/v1/search", params={"q": "leave"}, headers=world.mine)
    assert (answer.json()["mode"], answer.json()["degraded"]) == ("text", "embedding_unavailable")
    assert answer.json()["model"] is None


@pytest.mark.parametrize("wrong", [{"dimensions": 0}, {"dimensions": 4001}, {"model": " "}, {"base_url": "ftp://x"}])
async def test_a_model_that_cannot_be_is_refused(world, wrong):
    """Before it is a command."""
    answer = await asked(world, "POST", "", {**MODEL, **wrong, "reason": str(uuid4())})
    assert answer.status_code == 422
    assert world.publisher.sent == []
