"""The adapter against a server that misbehaves over a real connection."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from support.ports import free_port as new_free_port

from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.fixture
async def embedder(fixed_address: str, fault: dict[str, Any]) -> AsyncIterator[OpenAIEmbedder]:
    """The adapter, with a short patience where the server has none; otherwise a busy machine may take its time."""
    patience_s = 2.0 if fault["kind"] == "hang" else 30.0
    made = OpenAIEmbedder(Endpoint(f"{fixed_address}/v1", "fixed-latency", 384, timeout_s=patience_s))
    yield made
    await made.close()
    httpx2.delete(f"{fixed_address}/faults", timeout=60)


@pytest.mark.parametrize(
    ("fault", "code", "wait_s"),
    [
        ({"kind": "status", "status": 429, "retry_after": "3"}, ErrorCode.PROVIDER_RATE_LIMITED, 3.0),
        ({"kind": "status", "status": 500}, ErrorCode.PROVIDER_UNAVAILABLE, None),
        ({"kind": "hang", "seconds": 30}, ErrorCode.PROVIDER_TIMEOUT, None),
        ({"kind": "not_a_number"}, ErrorCode.EMBEDDING_BAD_ANSWER, None),
        ({"kind": "too_few"}, ErrorCode.EMBEDDING_BAD_ANSWER, None),
    ],
)
async def test_a_fault_becomes_its_code_and_passes(
    fixed_address: str, embedder: OpenAIEmbedder, fault: dict[str, Any], code: ErrorCode, wait_s: float | None
) -> None:
    """One request, one failure of the right kind, and the next call is well."""
    httpx2.post(f"{fixed_address}/faults", json={"faults": [fault]}, timeout=60)
    with pytest.raises(StepFailure) as caught:
        await embedder.embed(["text", "more"], purpose="passage")
    assert caught.value.code is code
    assert caught.value.retry_after_s == wait_s
    patient = OpenAIEmbedder(Endpoint(f"{fixed_address}/v1", "fixed-latency", 384, timeout_s=60))
    assert (await patient.embed(["text"], purpose="passage")).tokens == 1
    await patient.close()


async def test_nobody_there_is_an_outage() -> None:
    """A closed port is an endpoint that is away."""
    embedder = OpenAIEmbedder(Endpoint(f"http://127.0.0.1:{new_free_port()}/v1", "any", 384))
    with pytest.raises(StepFailure) as caught:
        await embedder.embed(["text"], purpose="passage")
    assert caught.value.code is ErrorCode.PROVIDER_UNAVAILABLE
    await embedder.close()


async def test_the_real_server_refuses_what_is_too_long(e5_address: str) -> None:
    """More than 512 tokens are rejected with the reason, not cut off."""
    embedder = OpenAIEmbedder(Endpoint(f"{e5_address}/v1", "multilingual-e5-small", 384))
    with pytest.raises(StepFailure) as caught:
        await embedder.embed(["fine", "word " * 600], purpose="passage")
    assert caught.value.code is ErrorCode.PROVIDER_REJECTED
    assert "context_length_exceeded" in caught.value.detail
    await embedder.close()
