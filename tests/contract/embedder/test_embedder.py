"""One suite for the port: the fake, the adapter on both servers, and the coalescing front must all pass."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from support.embedder import FakeEmbedder
from support.limits import Unlimited

from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder
from muniment.producers.embedding.rate_limit import LimitedEmbedder

E5 = ("multilingual-e5-small", "query: ", "passage: ")


def adapter(address: str, model: str, query_prefix: str = "", passage_prefix: str = "") -> OpenAIEmbedder:
    """The adapter on a server of the project's own."""
    endpoint = Endpoint(
        f"{address}/v1", model, 384, query_prefix=query_prefix, passage_prefix=passage_prefix, timeout_s=90
    )
    return OpenAIEmbedder(endpoint)


@pytest.fixture(params=["fake", "fake, coalesced", "fixed", "e5", "e5, limited and coalesced"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    """Each embedder in turn."""
    kind = request.param
    if kind.startswith("fake"):
        fake = FakeEmbedder()
        yield CoalescingEmbedder(fake) if "coalesced" in kind else fake
        return
    if kind == "fixed":
        made = adapter(request.getfixturevalue("fixed_address"), "fixed-latency")
    else:
        made = adapter(request.getfixturevalue("e5_address"), *E5)
    yield CoalescingEmbedder(LimitedEmbedder(made, Unlimited())) if "coalesced" in kind else made
    await made.close()


async def test_each_text_has_its_vector(embedder: Embedder) -> None:
    """As many rows as texts, as long as promised, of unit length, and different texts differ."""
    found = await embedder.embed(["one", "둘", "three and more"], purpose="passage")
    assert found.vectors.shape == (3, embedder.dimensions)
    assert found.vectors.dtype == np.float32
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-3)
    assert float(found.vectors[0] @ found.vectors[1]) < 0.999
    assert found.tokens > 0


async def test_nothing_gives_nothing(embedder: Embedder) -> None:
    """No texts, no rows, no tokens."""
    found = await embedder.embed([], purpose="query")
    assert found.vectors.shape == (0, embedder.dimensions)
    assert found.tokens == 0


async def test_order_is_kept(embedder: Embedder) -> None:
    """A text's row is where the text was, however lengths differ."""
    texts = [f"{'word ' * (1 + number % 7)}number {number}" for number in range(20)]
    together = (await embedder.embed(texts, purpose="passage")).vectors
    for place in (0, 7, 19):
        alone = (await embedder.embed([texts[place]], purpose="passage")).vectors[0]
        # Dynamic quantisation makes a row depend a little on its batch, so rows are near, not equal.
        assert float(together[place] @ alone) > 0.97
        assert int(np.argmax(together @ alone)) == place


async def test_the_same_text_has_the_same_vector(embedder: Embedder) -> None:
    """Twice in one call or in two calls, a text means the same."""
    twice = (await embedder.embed(["same", "same"], purpose="passage")).vectors
    again = (await embedder.embed(["same", "same"], purpose="passage")).vectors
    assert np.allclose(twice[0], twice[1], atol=1e-5)
    assert np.allclose(twice, again, atol=1e-5)


async def test_callers_do_not_disturb_each_other(embedder: Embedder) -> None:
    """Many callers at once each get their own rows."""
    names = [f"caller number {number}" for number in range(12)]
    alone = (await embedder.embed(names, purpose="passage")).vectors
    answers = await asyncio.gather(*(embedder.embed([name, "shared"], purpose="passage") for name in names))
    for place, answer in enumerate(answers):
        assert int(np.argmax(alone @ answer.vectors[0])) == place


async def test_a_cancelled_caller_is_only_cancelled(embedder: Embedder) -> None:
    """After a cancellation the embedder serves on."""
    gone = asyncio.create_task(embedder.embed(["gone " * 50] * 3, purpose="passage"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await embedder.embed(["kept"], purpose="query")).vectors.shape[0] == 1
