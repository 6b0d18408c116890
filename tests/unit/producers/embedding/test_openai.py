"""The adapter: what it sends, and what each misfortune becomes. Answers come from a transport without a network."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import numpy as np
import pytest
from openai import AsyncOpenAI

from muniment.producers.embedding.calls import Call
from muniment.producers.embedding.embedder import BatchTooLarge, Embedded
from muniment.producers.embedding.noting import noting
from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

SECRET = "sk-very-secret"
TEXT = "a text that nobody may quote"
ENDPOINT = Endpoint(
    base_url="http://embedding.test/v1",
    model="e5",
    dimensions=3,
    api_key=SECRET,
    query_prefix="query: ",
    passage_prefix="passage: ",
)


class Recorded:
    """An adapter on a scripted transport, with what was sent and observed."""

    def __init__(self, respond: Callable[[httpx2.Request], httpx2.Response], endpoint: Endpoint = ENDPOINT) -> None:
        self.sent: list[dict[str, Any]] = []
        self.calls: list[Call] = []

        async def handler(request: httpx2.Request) -> httpx2.Response:
            self.sent.append(json.loads(await request.aread()))
            return respond(request)

        client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(handler)),
        )
        now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.embedder = OpenAIEmbedder(endpoint, client=client, observe=self.calls.append, now=lambda: now)

    async def failure(self) -> StepFailure:
        with pytest.raises(StepFailure) as caught:
            await self.embedder.embed([TEXT], purpose="passage")
        return caught.value


def ok(request: httpx2.Request) -> httpx2.Response:
    texts = json.loads(request.content)["input"]
    vector = base64.b64encode(np.array([1, 2, 3], "<f4").tobytes()).decode()
    data = [{"object": "embedding", "index": place, "embedding": vector} for place in range(len(texts))]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return httpx2.Response(200, json={"object": "list", "data": data, "model": "e5", "usage": usage})


async def test_prefixes_and_encoding_are_sent() -> None:
    """Each purpose gets its prefix, base64 is asked for, and `dimensions` is left out unless wanted."""
    recorded = Recorded(ok)
    found = await recorded.embedder.embed(["a", "b"], purpose="passage")
    await recorded.embedder.embed(["c"], purpose="query")
    assert recorded.sent[0] == {"model": "e5", "input": ["passage: a", "passage: b"], "encoding_format": "base64"}
    assert recorded.sent[1]["input"] == ["query: c"]
    assert found.vectors.tolist() == [[1, 2, 3], [1, 2, 3]]
    assert found.tokens == 7


async def test_an_answer_is_noted_before_the_adapter_comes_back() -> None:
    """Whoever wants to know of answers hears of each at once; of a refusal there is nothing to hear."""
    heard: list[Embedded] = []

    def once_well(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500) if heard else ok(request)

    recorded = Recorded(once_well)
    with noting(heard.append):
        found = await recorded.embedder.embed(["a", "b"], purpose="passage")
        with pytest.raises(StepFailure):
            await recorded.embedder.embed(["c"], purpose="passage")
    assert len(heard) == 1
    assert heard[0] is found


async def test_shorter_vectors_are_asked_for_on_demand() -> None:
    """Models that can shorten their vectors are told the length."""
    shortening = Endpoint("http://embedding.test/v1", "large", 3, ask_dimensions=True)
    recorded = Recorded(ok, shortening)
    await recorded.embedder.embed(["a"], purpose="passage")
    assert recorded.sent[0]["dimensions"] == 3


async def test_no_texts_make_no_request() -> None:
    """Nothing to embed is nothing to ask, and nothing to count."""
    recorded = Recorded(ok)
    assert (await recorded.embedder.embed([], purpose="query")).tokens == 0
    assert recorded.sent == []
    assert recorded.calls == []


async def test_a_call_is_observed() -> None:
    """Outcome, inputs and tokens of a call are told once."""
    recorded = Recorded(ok)
    await recorded.embedder.embed(["a", "b"], purpose="passage")
    (call,) = recorded.calls
    assert (call.outcome, call.inputs, call.tokens) == ("ok", 2, 7)
    assert call.latency_ms >= 0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ErrorCode.PROVIDER_REJECTED),
        (401, ErrorCode.PROVIDER_AUTH),
        (403, ErrorCode.PROVIDER_AUTH),
        (404, ErrorCode.PROVIDER_REJECTED),
        (408, ErrorCode.PROVIDER_TIMEOUT),
        (409, ErrorCode.PROVIDER_UNAVAILABLE),
        (413, ErrorCode.PROVIDER_REJECTED),
        (422, ErrorCode.PROVIDER_REJECTED),
        (429, ErrorCode.PROVIDER_RATE_LIMITED),
        (500, ErrorCode.PROVIDER_UNAVAILABLE),
        (503, ErrorCode.PROVIDER_UNAVAILABLE),
        (504, ErrorCode.PROVIDER_TIMEOUT),
    ],
)
async def test_every_status_has_a_meaning(status: int, code: ErrorCode) -> None:
    """A status becomes its code after exactly one request, and neither text nor key is in the error."""
    echo = {"error": {"message": f"{TEXT} {SECRET}", "code": "context_length_exceeded", "type": "x"}}
    recorded = Recorded(lambda _: httpx2.Response(status, json=echo))
    failure = await recorded.failure()
    assert failure.code is code
    assert len(recorded.sent) == 1
    assert recorded.calls[0].outcome == code.value
    assert str(status) in failure.detail
    assert "context_length_exceeded" in failure.detail
    assert TEXT not in str(failure)
    assert SECRET not in str(failure)
    assert failure.__cause__ is None


async def test_a_code_that_quotes_is_left_out() -> None:
    """An endpoint's error code is passed on only when it is a plain word."""
    recorded = Recorded(lambda _: httpx2.Response(400, json={"error": {"message": "", "code": TEXT}}))
    assert TEXT not in (await recorded.failure()).detail


@pytest.mark.parametrize(("header", "seconds"), [("12", 12.0), ("Sun, 22 Nov 2026 12:00:09 GMT", 9.0), ("?", None)])
async def test_the_asked_wait_is_passed_on(header: str, seconds: float | None) -> None:
    """`Retry-After` in both forms reaches the failure."""
    recorded = Recorded(lambda _: httpx2.Response(429, headers={"Retry-After": header}, json={}))
    assert (await recorded.failure()).retry_after_s == seconds


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx2.ConnectError("refused"), ErrorCode.PROVIDER_UNAVAILABLE),
        (httpx2.RemoteProtocolError("cut"), ErrorCode.PROVIDER_UNAVAILABLE),
        (httpx2.ReadTimeout("slow"), ErrorCode.PROVIDER_TIMEOUT),
        (httpx2.ConnectTimeout("slow"), ErrorCode.PROVIDER_TIMEOUT),
    ],
)
async def test_a_broken_connection_is_an_outage(error: Exception, code: ErrorCode) -> None:
    """Connections that fail and answers that do not come are somebody else's outage."""

    def respond(_request: httpx2.Request) -> httpx2.Response:
        raise error

    assert (await Recorded(respond).failure()).code is code


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(200, text="<html>hello</html>", headers={"content-type": "text/html"}),
        httpx2.Response(200, text="{", headers={"content-type": "application/json"}),
        httpx2.Response(200, json={"object": "list"}),
        httpx2.Response(200, json={"object": "list", "data": [], "model": "e5"}),
        httpx2.Response(200, json=[1, 2]),
    ],
)
async def test_an_answer_that_is_none_is_refused(response: httpx2.Response) -> None:
    """A proxy's page or half an answer with status 200 is a bad answer, not vectors."""
    assert (await Recorded(lambda _: response).failure()).code is ErrorCode.EMBEDDING_BAD_ANSWER


async def test_half_a_surrogate_is_rejected() -> None:
    """A text that is no valid Unicode fails for good, whichever side notices."""
    refuse = httpx2.Response(400, json={"error": {"code": "invalid_json"}})
    recorded = Recorded(lambda _: refuse)
    with pytest.raises(StepFailure) as caught:
        await recorded.embedder.embed(["\ud800"], purpose="passage")
    assert caught.value.code is ErrorCode.PROVIDER_REJECTED


def test_the_key_is_not_printed() -> None:
    """Settings in a log do not show the key."""
    assert SECRET not in repr(ENDPOINT)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (413, None, "Payload Too Large"),
        (422, None, "batch size 64 > maximum allowed batch size 32"),
        (400, "max_tokens_per_request", "Requested 400000 tokens, max 300000 tokens per request"),
        (400, "too_many_inputs", "At most 32 texts."),
        (400, None, "Invalid 'input': array too long. Expected an array with maximum length 2048"),
    ],
)
async def test_a_request_that_is_too_large_says_so(status: int, code: str | None, message: str) -> None:
    """Each way in which endpoints refuse a request for its size is told apart from a text that they refuse."""
    answer = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    failure = await Recorded(lambda _: httpx2.Response(status, json=answer)).failure()
    assert isinstance(failure, BatchTooLarge)
    assert failure.code is ErrorCode.PROVIDER_REJECTED
    assert message not in failure.detail


async def test_one_text_that_is_too_long_is_no_matter_of_size() -> None:
    """Asking for it in parts would not help."""
    answer = {
        "error": {"message": "This model's maximum context length is 512 tokens", "code": "context_length_exceeded"}
    }
    failure = await Recorded(lambda _: httpx2.Response(400, json=answer)).failure()
    assert not isinstance(failure, BatchTooLarge)
    assert failure.code is ErrorCode.PROVIDER_REJECTED
