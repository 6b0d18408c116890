"""The endpoints, without a socket and without the real model."""

from collections.abc import AsyncIterator, Sequence

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray

from muniment.infra.embedding_server import http
from muniment.infra.embedding_server.app import create_app
from muniment.infra.embedding_server.protocol import Offer

KEY = "a-key"


class WordModel:
    """A token a word; vectors are the number of words."""

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        return [[1] * len(text.split()) for text in texts]

    def run(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        if any(len(tokens) == 13 for tokens in inputs):
            raise RuntimeError("a text that nobody may quote")
        return np.array([[len(tokens), 1] for tokens in inputs], np.float32)


@pytest.fixture(params=[None, KEY])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(WordModel(), offer=Offer("words", 2), max_tokens=20, key=request.param)
    headers = {"Authorization": f"Bearer {request.param}"} if request.param else {}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server.test", headers=headers) as made:
        yield made


async def test_embeddings_are_answered(client: httpx2.AsyncClient) -> None:
    """Vectors in order and the real number of tokens."""
    answer = await client.post("/v1/embeddings", json={"model": "words", "input": ["a b", "c", "d e f"]})
    assert answer.status_code == 200
    assert [item["embedding"][0] for item in answer.json()["data"]] == [2, 1, 3]
    assert answer.json()["usage"]["total_tokens"] == 6


async def test_models_and_health_are_answered(client: httpx2.AsyncClient) -> None:
    """The server says what it has and that it is well."""
    assert (await client.get("/v1/models")).json()["data"][0]["id"] == "words"
    health = (await client.get("/health")).json()
    assert health == {"status": "ok", "model": "words", "waiting_inputs": {"query": 0, "batch": 0}}


async def test_too_many_tokens_are_refused(client: httpx2.AsyncClient) -> None:
    """An oversize input is named, and its neighbours are not embedded either."""
    answer = await client.post("/v1/embeddings", json={"model": "words", "input": ["a", "b " * 21]})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"
    assert answer.json()["error"]["param"] == "input[1]"


async def test_an_own_failure_says_nothing_of_the_text(client: httpx2.AsyncClient) -> None:
    """A crash inside is a 500 in the usual form, without the exception's words."""
    answer = await client.post("/v1/embeddings", json={"model": "words", "input": "x " * 13})
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "nobody" not in answer.text


async def test_unknown_paths_have_the_same_form(client: httpx2.AsyncClient) -> None:
    """404 and 405 are errors like all others."""
    for answer in (await client.get("/nowhere"), await client.get("/v1/embeddings")):
        assert answer.status_code in (404, 405)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_a_huge_body_is_refused(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies are bounded before they are read."""
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 100)
    answer = await client.post("/v1/embeddings", json={"model": "words", "input": "x" * 200})
    assert answer.status_code == 413


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic a-key", "a-key", "Bearer \u00e9"])
async def test_a_wrong_key_is_refused(header: str | None) -> None:
    """With a key set, only its bearer is served; health needs none."""
    app = create_app(WordModel(), offer=Offer("words", 2), max_tokens=20, key=KEY)
    transport = httpx2.ASGITransport(app=app)
    headers = httpx2.Headers([] if header is None else [(b"Authorization", header.encode("latin-1"))])
    async with httpx2.AsyncClient(transport=transport, base_url="http://server.test") as client:
        asked = {"model": "words", "input": "a"}
        answer = await client.post("/v1/embeddings", json=asked, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"
        assert (await client.get("/v1/models", headers=headers)).status_code == 401
        assert (await client.get("/health")).status_code == 200
