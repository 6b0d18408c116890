"""A second embedding model on the whole stack: brought in, compared, switched to and back while people search, dropped.

Both models are of the stand-in endpoint. The second has no prefixes, so that a question that is the text of a document
has exactly its vector: an answer of the second model finds it with a score of 1, one of the first never does.
Once more with the real server, at an endpoint of its own, whose vectors are of another length and say what is meant.
"""

import json
import operator
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.plain import PLAIN
from support.stack import INSTALLED, Api, Stack, until

FIRST, SERVED, OTHER = "multilingual-e5-small", "multilingual-e5-small-256", "multilingual-e5-small-256#256"
TEXTS = [f"The {word} keeps its own counsel in the {word} house." for word in ("owl", "pine", "lark", "moss", "reed")]
EXACT = 0.99
MEANT = {
    "The harbour froze over in January and no ship could leave.": "겨울에 배들이 왜 항구를 떠나지 못했나요?",
    "Knead the dough for ten minutes, then let it rise until morning.": "빵 반죽은 얼마나 치대야 하나요?",
    "Her violin was stolen from the train between Vienna and Graz.": "어떤 악기를 도둑맞았나요?",
}
"""Texts, and for each a question that has not a word of it."""


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    """A caller of the tenant whose key the command line has; at the end there is one model again."""
    stack.endpoint.reset()
    caller = stack.api("default")
    yield caller
    if models(caller)["live"] != FIRST:
        decided(caller, "switch", model=FIRST)
    for one in models(caller)["items"]:
        if one["state"] != "dropped" and one["model"] != FIRST:
            decided(caller, "drop", model=one["model"])
    stack.endpoint.reset()


def models(api: Api) -> dict[str, Any]:
    """All models, as an operator sees them."""
    return api.get("/v1/embedding-models")


def model(api: Api, name: str) -> dict[str, Any]:
    """One of them; what was decided just now, the read model may not know yet."""
    return next((one for one in models(api)["items"] if one["model"] == name), {"state": ""})


def decided(api: Api, what: str, **body: Any) -> dict[str, Any]:
    """What was decided on an order about models."""
    answer = api.ask("POST", f"/v1/embedding-models/{what}".rstrip("/"), json={"reason": "a test", **body})
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    found = api.ask(
        "GET", f"/v1/operations/{taken['operation_id']}", params={"position": taken["position"], "wait": 30}
    )
    assert found.status_code == 200, found.text
    # Search has folded it, too: from here on it reads so.
    api.get("/v1/embedding-models", taken["position"], wait=30)
    told: dict[str, Any] = found.json()
    return told


def told(stack: Stack, *words: str) -> Any:
    """What `muniment embeddings` says as JSON."""
    return json.loads(stack.run("embeddings", *words, "--reason", "a test", "--json").stdout)


def nearest(api: Api, text: str) -> tuple[str, float]:
    """The model that an answer is of, and the score of its best hit; every hit is looked at."""
    answer = api.ask("POST", "/v1/search", json={"q": text, "mode": "vector", "k": 3})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["model"], found["hits"][0]["scores"]["score"]


class Searching(threading.Thread):
    """Searches again and again, and notes every answer that is not of one model alone."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self._api = api
        self._over = threading.Event()
        self.seen: dict[str, int] = {}
        self.mixed: list[tuple[str, float]] = []
        self.failed: list[str] = []

    def run(self) -> None:
        """Search until asked to end."""
        while not self._over.wait(0.02):
            try:
                name, score = nearest(self._api, TEXTS[0])
            except AssertionError as error:
                self.failed.append(str(error))
                continue
            self.seen[name] = self.seen.get(name, 0) + 1
            if (score > EXACT) != (name == OTHER):
                self.mixed.append((name, score))

    def end(self) -> None:
        """Stop, and wait for the last answer."""
        self._over.set()
        self.join(30)


def test_search_goes_over_to_another_model_and_back(stack: Stack, api: Api, tmp_path: Path) -> None:
    """Priced, filled from the log, compared, switched while people search; both kept up to date; at last dropped."""
    done = [api.submit(text, f"{number}.txt") for number, text in enumerate(TEXTS)]
    assert {api.ended(one)["outcome"] for one in done} <= {"indexed", "unchanged"}
    begun = told(stack, "migrate", "--to", SERVED, "--dimensions", "256", "--price", "0.5", "--yes")
    assert begun["estimate"]["texts"] >= len(TEXTS)
    assert begun["estimate"]["cost"] > 0
    until("everything has vectors of it", lambda: model(api, OTHER)["state"] == "complete", 120)
    assert model(api, OTHER)["cost_micros"] > 0
    assert nearest(api, TEXTS[0])[0] == FIRST
    questions = tmp_path / "questions.txt"
    questions.write_text("\n".join(TEXTS))
    compared = told(stack, "compare", OTHER, "--queries", str(questions), "--k", "3")
    assert (compared["queries"], compared["live"]["ndcg"], compared["live"]["model"]) == (len(TEXTS), 1.0, FIRST)
    kept = until("the comparison is on the record", lambda: recorded(api, "embeddings_compared"))
    assert kept[0]["details"]["overlap"] == compared["overlap"]
    assert TEXTS[0] not in json.dumps(kept)

    searching = Searching(stack.api("default"))
    searching.start()
    for target in (OTHER, FIRST, OTHER):
        stack.run("embeddings", "switch", "--to", target, "--reason", "a test")
        until("search reads it", lambda target=target: nearest(api, TEXTS[1])[0] == target)
    searching.end()
    assert searching.mixed == []
    assert searching.failed == []
    assert searching.seen.keys() == {FIRST, OTHER}

    new = "A newt is told of while search reads the second model."
    api.indexed(new, "newt.txt")
    assert nearest(api, new) == (OTHER, pytest.approx(1, abs=1e-3))
    until("the first model has it, too", lambda: model(api, FIRST)["state"] == "complete", 120)
    refused = stack.run("embeddings", "drop", OTHER, "--reason", "a test", check=False)
    assert (refused.returncode, "model_live" in refused.stderr) == (1, True)
    assert decided(api, "switch", model=FIRST)["outcome"] == "accepted"
    assert decided(api, "drop", model=OTHER)["outcome"] == "accepted"
    assert decided(api, "switch", model=OTHER)["code"] == "model_dropped"
    until("its vectors are gone", lambda: not stack.rows("select 1 from read.model_vectors limit 1"))


def test_a_killed_migration_goes_on_and_pays_for_nothing_twice(stack: Stack, api: Api) -> None:
    """Paused, resumed, `kill -9` in the middle: every batch gets its vectors, no text is embedded twice."""
    texts = [f"A paragraph about the letter {chr(97 + n)} and nothing else, number {n}." for n in range(16)]
    for one in [api.submit(text, f"letter-{number}.txt") for number, text in enumerate(texts)]:
        api.ended(one)
    stack.endpoint.reset()
    # Some are answered; then all calls that a worker has at once hang, so that no answer is on its way when it dies.
    # They hang for longer than a busy machine takes to send all three: none may be answered when the last one is sent.
    stack.endpoint.misbehave({"kind": "hang", "seconds": 0, "times": 4}, {"kind": "hang", "seconds": 55, "times": 3})
    begun = decided(api, "", model=SERVED, dimensions=256)
    name = begun["events"][0]["about"]
    assert name.startswith(OTHER)
    assert decided(api, "switch", model=name)["code"] == "embeddings_incomplete"

    def hanging() -> bool:
        calls = stack.endpoint.calls()
        return (calls["requests"], calls["in_flight"]) == (7, 3)

    until("three calls hang", hanging, every_s=0.02)
    # Each text is a batch of its own here. What was answered has to be on the log: what is not is rightly paid again.
    answered = stack.endpoint.calls()["inputs"]
    until("what was answered is kept", lambda: model(api, name)["batches"] >= answered, every_s=0.02)
    assert hanging(), "and nothing else goes on"
    stack.kill("workers")
    assert decided(api, "pause", model=name)["outcome"] == "accepted"
    texts.append("What comes while it is paused has no vectors of it.")
    api.ended(api.submit(texts[-1], "late.txt"))
    assert model(api, name)["state"] == "paused"
    assert decided(api, "resume", model=name)["outcome"] == "accepted"
    until("everything has vectors of it", lambda: model(api, name)["state"] == "complete", 180)
    assert stack.endpoint.answered(SERVED, texts) == [1] * len(texts)
    stack.endpoint.reset()
    stack.run("replay", "chunks")
    assert stack.endpoint.calls()["requests"] == 0
    assert model(api, name)["state"] == "complete"


def test_what_an_operator_gave_up_keeps_nobody_from_a_model(stack: Stack, api: Api) -> None:
    """A batch that the endpoint refuses for good holds the switch up until its letter is discarded; both are said."""
    api.ended(api.submit(TEXTS[0], "0.txt"))
    name = decided(api, "", model=SERVED, dimensions=256)["events"][0]["about"]
    until("everything has vectors of it", lambda: model(api, name)["state"] == "complete", 120)
    assert decided(api, "pause", model=name)["outcome"] == "accepted"
    text = "A heron stands where no model but the first one sees it."
    heron = api.indexed(text, "heron.txt")
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 50})
    assert decided(api, "resume", model=name)["outcome"] == "accepted"

    def buried() -> str | None:
        found = api.get("/v1/dead-letters", step="reembedding", status="waiting")["items"]
        return next((one["dead_letter_id"] for one in found if one["job_id"] == heron["job_id"]), None)

    letter = until("its letter is listed", buried, 60)
    stack.endpoint.reset()
    refused = stack.run("embeddings", "switch", "--to", name, "--reason", "a test", check=False)
    assert (refused.returncode, "muniment dlq list --step reembedding" in refused.stderr) == (1, True)
    stack.run("dlq", "discard", letter, "--reason", "a test")
    until("it is left out", lambda: model(api, name)["discarded_batches"] == 1)
    assert model(api, name)["missing_batches"] == 0
    done = stack.run("embeddings", "switch", "--to", name, "--reason", "a test").stdout
    # Other tests of this stack give up keys, too: what is unreadable stands before it.
    assert re.search(r"found by their words only: (\d+ unreadable [^,]*, )?1 discarded", " ".join(done.split())), done
    until("search reads it", lambda: nearest(api, TEXTS[0])[0] == name)
    mine = [heron["document_id"]]
    assert len(api.search("heron", mode="text", document_ids=mine)) == 1
    assert api.search(text, mode="vector", document_ids=mine) == []
    assert decided(api, "switch", model=FIRST)["outcome"] == "accepted"
    until("search reads the first", lambda: nearest(api, text)[0] == FIRST)
    assert len(api.search(text, mode="vector", document_ids=mine)) == 1


@pytest.fixture
def served(stack: Stack) -> Iterator[str]:
    """The real server with its real model, at the other endpoint that the settings of the stack name."""
    address = httpx2.URL(stack.settings["MUNIMENT_EMBEDDING_ENDPOINTS"])
    folder = INSTALLED / "models" / "multilingual-e5-small"
    words = [f"--port={address.port}", f"--model={folder}", "--threads=1"]

    def answers() -> bool:
        assert process.poll() is None, "the embedding server has ended"
        with suppress(httpx2.TransportError):
            return httpx2.get(str(address.join("/health")), timeout=20, trust_env=False, verify=PLAIN).is_success
        return False

    with subprocess.Popen([sys.executable, "-m", "muniment.infra.embedding_server", *words]) as process:
        try:
            until("the embedding server answers", answers, 120)
            yield str(address)
        finally:
            process.kill()


def vector(address: str, text: str) -> list[float]:
    """What the server itself says of a text."""
    body = {"model": SERVED, "input": [text], "dimensions": 256}
    answer = httpx2.post(f"{address}/embeddings", json=body, timeout=60, trust_env=False, verify=PLAIN).json()
    found: list[float] = answer["data"][0]["embedding"]
    return found


def test_a_real_model_of_another_length_is_searched_and_left_again(
    stack: Stack, api: Api, served: str, tmp_path: Path
) -> None:
    """At another endpoint that is told the length: what is meant is found by its vectors, and before and after not."""
    documents = {text: api.indexed(text, f"{n}.txt")["document_id"] for n, text in enumerate(MEANT)}
    ways = ("--base-url", served, "--query-prefix", "query: ", "--passage-prefix", "passage: ", "--ask-dimensions")
    refused = stack.run(
        *("embeddings", "migrate", "--to", SERVED, "--dimensions", "255", "--yes", "--reason", "a test", *ways),
        check=False,
    )
    assert (refused.returncode, "model_unusable" in refused.stderr) == (1, True)
    begun = told(stack, "migrate", "--to", SERVED, "--dimensions", "256", "--yes", *ways)
    name = begun["events"][0]["about"]
    until("everything has vectors of it", lambda: model(api, name)["state"] == "complete", 240)
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        "\n".join(json.dumps({"q": q, "relevant": [documents[text]]}) for text, q in MEANT.items()), "utf-8"
    )
    compared = told(stack, "compare", name, "--queries", str(questions), "--k", "5")
    assert (compared["other"]["ndcg"], compared["queries"]) == (1.0, len(MEANT))
    assert compared["live"]["ndcg"] < 1
    text, question = next(iter(MEANT.items()))
    # As unit vectors of that length the server's own product is the score.
    near = sum(map(operator.mul, vector(served, f"query: {question}"), vector(served, f"passage: {text}")))
    for target in (name, FIRST, name):
        assert decided(api, "switch", model=target)["outcome"] == "accepted"
        until("search reads it", lambda target=target: nearest(api, text)[0] == target)
        found = [api.search(q, mode="vector", k=1)[0] for q in MEANT.values()]
        assert ([hit["document_id"] for hit in found] == list(documents.values())) == (target == name)
        assert (abs(found[0]["scores"]["score"] - near) < 2e-3) == (target == name)
    late = api.indexed("The lighthouse keeper counted forty wrecks.", "lighthouse.txt")["document_id"]
    # Among its own: what other tests have put into this house may be as near.
    mine = [*documents.values(), late]
    (hit,) = api.search("등대를 지키는 사람이 난파선을 몇 척 보았나요?", mode="vector", k=1, document_ids=mine)
    assert "forty wrecks" in hit["text"]
    until("the first model has it, too", lambda: model(api, FIRST)["state"] == "complete", 120)
    assert decided(api, "switch", model=FIRST)["outcome"] == "accepted"
    until("search reads the first", lambda: nearest(api, text)[0] == FIRST)
    assert decided(api, "drop", model=name)["outcome"] == "accepted"
    until("its vectors are gone", lambda: not stack.rows("select 1 from read.model_vectors limit 1"))


def recorded(api: Api, kind: str) -> list[dict[str, Any]]:
    """What is on the record of that kind."""
    found: list[dict[str, Any]] = api.get("/v1/operations", kind=kind)["items"]
    return found
