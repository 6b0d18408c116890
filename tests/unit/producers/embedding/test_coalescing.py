"""Coalescing: goes at once when idle, fills calls when busy, and keeps callers out of each other's trouble."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.embedder import FakeEmbedder, settle

from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.embedder import BatchTooLarge, Embedded, Purpose
from muniment.producers.urgency import working_for
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


def texts(name: str, count: int) -> list[str]:
    return [f"{name}{place}" for place in range(count)]


async def test_an_idle_endpoint_is_asked_at_once() -> None:
    """A lone caller's texts go out in one call without waiting for company."""
    inner = FakeEmbedder()
    found = await CoalescingEmbedder(inner).embed(["a", "b"], purpose="passage")
    assert inner.calls == [("passage", ("a", "b"))]
    assert found.tokens == 2
    assert np.array_equal(found.vectors[1], inner.vector("b", "passage"))


async def test_no_texts_make_no_call() -> None:
    """Embedding nothing gives nothing and asks nobody."""
    inner = FakeEmbedder()
    found = await CoalescingEmbedder(inner).embed([], purpose="query")
    assert found.vectors.shape == (0, 8)
    assert inner.calls == []


async def test_what_arrives_while_busy_is_packed() -> None:
    """With all slots taken, callers share a full call in the order they came."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, batch=8, concurrency=1)
    inner.gate.clear()
    waiting = [asyncio.create_task(embedder.embed(texts(name, 5), purpose="passage")) for name in ("a", "b", "c")]
    await settle()
    assert len(inner.calls) == 1
    inner.gate.set()
    answers = await asyncio.gather(*waiting)
    sizes = [len(call) for _, call in inner.calls]
    assert sizes == [5, 8, 2]
    for name, answer in zip("abc", answers, strict=True):
        expected = np.stack([inner.vector(text, "passage") for text in texts(name, 5)])
        assert np.array_equal(answer.vectors, expected)


async def test_never_more_calls_at_once_than_allowed() -> None:
    """The concurrency holds however much is asked."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, batch=4, concurrency=3)
    await asyncio.gather(*(embedder.embed(texts(str(n), 9), purpose="passage") for n in range(12)))
    assert inner.most_in_flight == 3


async def test_a_query_overtakes_what_waits() -> None:
    """When a slot comes free a query goes before batches that came earlier."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, batch=8, concurrency=1)
    inner.gate.clear()
    bulk = [asyncio.create_task(embedder.embed(texts(str(n), 8), purpose="passage")) for n in range(3)]
    await settle()
    query = asyncio.create_task(embedder.embed(["?"], purpose="query"))
    await settle()
    inner.gate.set()
    await asyncio.gather(query, *bulk)
    assert [purpose for purpose, _ in inner.calls] == ["passage", "query", "passage", "passage"]


async def test_queries_without_end_do_not_starve_a_batch() -> None:
    """After a few favoured calls the longest waiting request goes."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, batch=1, concurrency=1)
    inner.gate.clear()
    first = asyncio.create_task(embedder.embed(["first"], purpose="query"))
    await settle()
    bulk = asyncio.create_task(embedder.embed(texts("bulk", 6), purpose="passage"))
    await settle()
    queries = [asyncio.create_task(embedder.embed([f"q{n}"], purpose="query")) for n in range(20)]
    await settle()
    inner.gate.set()
    await asyncio.gather(first, bulk, *queries)
    assert "passage" in [purpose for purpose, _ in inner.calls[:7]]


async def test_a_text_under_way_is_not_sent_again() -> None:
    """Two callers with the same text share one vector, and only one of them pays."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner)
    inner.gate.clear()
    asked = [asyncio.create_task(embedder.embed(["same", "same"], purpose="passage")) for _ in range(3)]
    await settle()
    inner.gate.set()
    answers = await asyncio.gather(*asked)
    assert inner.calls == [("passage", ("same",))]
    assert sorted(answer.tokens for answer in answers) == [0, 0, 4]
    assert all(answer.vectors.shape == (2, 8) for answer in answers)


async def test_a_query_and_a_passage_of_the_same_text_are_two_things() -> None:
    """Purpose is part of what is asked."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner)
    await asyncio.gather(embedder.embed(["x"], purpose="query"), embedder.embed(["x"], purpose="passage"))
    assert sorted(purpose for purpose, _ in inner.calls) == ["passage", "query"]


async def test_an_answer_is_not_kept() -> None:
    """Single-flight is not a cache: the same text later is asked again."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner)
    await embedder.embed(["x"], purpose="query")
    await embedder.embed(["x"], purpose="query")
    assert len(inner.calls) == 2


async def test_a_bad_text_fails_its_own_caller_only() -> None:
    """A rejected shared call is asked again caller by caller."""
    inner = FakeEmbedder()

    def script(call: Sequence[str]) -> Exception | None:
        bad = any("bad" in text for text in call)
        return StepFailure(ErrorCode.PROVIDER_REJECTED, "no") if bad else None

    inner.script = script
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    first = asyncio.create_task(embedder.embed(["first"], purpose="passage"))
    await settle()
    names = ("a", "bad", "c")
    waiting = [asyncio.create_task(embedder.embed(texts(name, 5), purpose="passage")) for name in names]
    await settle()
    inner.gate.set()
    answers = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert isinstance(answers[2], StepFailure)
    assert answers[2].code is ErrorCode.PROVIDER_REJECTED
    assert [len(call) for _, call in inner.calls] == [1, 15, 5, 5, 5]
    assert not any(isinstance(answers[place], Exception) for place in (0, 1, 3))


class Narrow(FakeEmbedder):
    """Takes three texts at once, and never one of a hundred characters."""

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        if len(texts) > 3 or any(len(text) >= 100 for text in texts):
            raise BatchTooLarge("413")
        return await super().embed(texts, purpose=purpose)


async def test_a_batch_that_is_too_large_is_split() -> None:
    """What the endpoint does not take at once is asked for in halves, and everybody gets their own vectors."""
    inner = Narrow()
    embedder = CoalescingEmbedder(inner, batch=16, concurrency=1)
    found = await asyncio.gather(*(embedder.embed(texts(name, 8), purpose="passage") for name in "ab"))
    for name, answer in zip("ab", found, strict=True):
        assert np.array_equal(answer.vectors, np.stack([inner.vector(t, "passage") for t in texts(name, 8)]))
    assert all(len(call) <= 3 for _, call in inner.calls)
    assert sum(answer.tokens for answer in found) == sum(len(text) for name in "ab" for text in texts(name, 8))


async def test_a_text_that_is_too_large_alone_fails_its_own_caller() -> None:
    """Splitting ends at one text: that one is rejected, and its neighbours of other callers are not."""
    embedder = CoalescingEmbedder(Narrow(), batch=16, concurrency=1)
    small, large = await asyncio.gather(
        embedder.embed(texts("a", 8), purpose="passage"),
        embedder.embed(["x" * 100, "fine"], purpose="passage"),
        return_exceptions=True,
    )
    assert isinstance(small, Embedded)
    assert isinstance(large, StepFailure)
    assert large.code is ErrorCode.PROVIDER_REJECTED


async def test_an_outage_is_told_to_every_caller() -> None:
    """A failed shared call fails all its callers, with an exception of their own each, and is not repeated."""
    inner = FakeEmbedder()
    inner.script = lambda _: StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "wait", retry_after_s=7.0)
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    waiting = [asyncio.create_task(embedder.embed([name], purpose="passage")) for name in "abc"]
    await settle()
    inner.gate.set()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert [getattr(failure, "retry_after_s", None) for failure in failures] == [7.0, 7.0, 7.0]
    assert len({id(failure) for failure in failures}) == 3
    assert len(inner.calls) == 2


async def test_a_wrong_number_of_vectors_is_a_bad_answer() -> None:
    """An inner embedder that miscounts cannot shift vectors between callers."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner)
    original = inner.embed

    async def short(given: Sequence[str], *, purpose: str) -> object:
        return await original(given[:-1] or given, purpose=purpose)  # type: ignore[arg-type]

    inner.embed = short  # type: ignore[method-assign,assignment]
    with pytest.raises(StepFailure) as caught:
        await embedder.embed(["a", "b"], purpose="passage")
    assert caught.value.code is ErrorCode.EMBEDDING_BAD_ANSWER


async def test_a_cancelled_caller_leaves_the_others_alone() -> None:
    """Whoever shares a call or a text with a cancelled caller is served all the same."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    one = asyncio.create_task(embedder.embed(["shared", "one"], purpose="passage"))
    two = asyncio.create_task(embedder.embed(["shared", "two"], purpose="passage"))
    await settle()
    one.cancel()
    await settle()
    inner.gate.set()
    answer = await two
    assert np.array_equal(answer.vectors[0], inner.vector("shared", "passage"))
    assert one.cancelled()


async def test_texts_of_a_cancelled_caller_are_not_sent() -> None:
    """What nobody waits for any more is skipped when its turn comes."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    first = asyncio.create_task(embedder.embed(["first"], purpose="passage"))
    await settle()
    gone = asyncio.create_task(embedder.embed(["gone"], purpose="passage"))
    kept = asyncio.create_task(embedder.embed(["kept"], purpose="passage"))
    await settle()
    gone.cancel()
    await settle()
    inner.gate.set()
    await asyncio.gather(first, kept)
    assert inner.calls[1:] == [("passage", ("kept",))]


async def test_a_call_that_nobody_waits_for_is_stopped() -> None:
    """The slot of an abandoned call is free at once."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    gone = asyncio.create_task(embedder.embed(["gone"], purpose="passage"))
    await settle()
    gone.cancel()
    await settle()
    assert inner.in_flight == 0
    inner.gate.set()
    assert (await embedder.embed(["gone"], purpose="passage")).tokens == 4


async def test_closing_tells_whoever_waits() -> None:
    """Callers under way and in line get an outage, so their records wait instead of dying."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    waiting = [asyncio.create_task(embedder.embed([name], purpose="passage")) for name in "abc"]
    await settle()
    await embedder.close()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert {getattr(failure, "code", None) for failure in failures} == {ErrorCode.PROVIDER_UNAVAILABLE}
    with pytest.raises(RuntimeError):
        await embedder.embed(["late"], purpose="passage")


async def test_tokens_of_a_shared_call_are_shared_by_length() -> None:
    """Callers of one call pay in proportion, in whole tokens that add up to the bill; odd texts break nothing."""
    inner = FakeEmbedder()
    embedder = CoalescingEmbedder(inner, concurrency=1)
    inner.gate.clear()
    first = asyncio.create_task(embedder.embed(["first"], purpose="passage"))
    await settle()
    waiting = [asyncio.create_task(embedder.embed([text], purpose="passage")) for text in ("aaaa", "b" * 12)]
    await settle()
    inner.gate.set()
    await first
    assert [answer.tokens for answer in await asyncio.gather(*waiting)] == [4, 12]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcdefgh"), max_size=9), st.integers(0, 3)), max_size=12),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_everyone_gets_their_own_vectors(callers: list[tuple[list[str], int]], batch: int, concurrency: int) -> None:
    """However callers overlap, share texts and cancel: vectors are right, and no call is too large or too many."""

    async def run() -> None:
        inner = FakeEmbedder()
        embedder = CoalescingEmbedder(inner, batch=batch, concurrency=concurrency)
        tasks = []
        for number, (wanted, pause) in enumerate(callers):
            purpose = "query" if number % 3 == 0 else "passage"
            tasks.append((asyncio.create_task(embedder.embed(wanted, purpose=purpose)), wanted, purpose))  # type: ignore[arg-type]
            for _ in range(pause):
                await asyncio.sleep(0)
            if pause == 3 and number:
                tasks[number - 1][0].cancel()
        answers = await asyncio.gather(*(task for task, _, _ in tasks), return_exceptions=True)
        for answer, (task, wanted, purpose) in zip(answers, tasks, strict=True):
            if task.cancelled():
                continue
            assert not isinstance(answer, BaseException)
            for vector, text in zip(answer.vectors, wanted, strict=True):
                assert np.array_equal(vector, inner.vector(text, purpose))  # type: ignore[arg-type]
        assert all(len(call) <= batch for _, call in inner.calls)
        assert inner.most_in_flight <= concurrency
        if not any(task.cancelled() for task, _, _ in tasks):
            paid = sum(sum(map(len, call)) for _, call in inner.calls)
            assert paid == sum(answer.tokens for answer in answers if not isinstance(answer, BaseException))

    asyncio.run(run())


async def test_an_interactive_document_goes_before_a_bulk_import() -> None:
    """However much of an import waits, the next calls are the interactive one's; small bulk requests are bulk, too."""
    inner = FakeEmbedder()
    inner.gate.clear()
    embedder = CoalescingEmbedder(inner, batch=4, concurrency=1)
    with working_for("bulk"):
        bulk = [asyncio.create_task(embedder.embed(texts(f"bulk{i}-", 2 + i % 3), purpose="passage")) for i in range(9)]
    await settle()
    with working_for("interactive"):
        mine = asyncio.create_task(embedder.embed(texts("mine", 6), purpose="passage"))
    await settle()
    inner.gate.set()
    await asyncio.gather(mine, *bulk)
    assert [call[0][:4] for _, call in inner.calls[:3]] == ["bulk", "mine", "mine"]


async def test_a_text_that_waits_in_bulk_is_not_waited_for() -> None:
    """An interactive caller of a text that an import has in line takes it along, and it is paid for once."""
    inner = FakeEmbedder()
    inner.gate.clear()
    embedder = CoalescingEmbedder(inner, batch=2, concurrency=1)
    with working_for("bulk"):
        bulk = [asyncio.create_task(embedder.embed(texts(f"bulk{i}-", 2), purpose="passage")) for i in range(4)]
    await settle()
    with working_for("interactive"):
        mine = asyncio.create_task(embedder.embed(texts("bulk3-", 2), purpose="passage"))
    await settle()
    inner.gate.set()
    await asyncio.gather(mine, *bulk)
    assert inner.calls[1][1] == tuple(texts("bulk3-", 2))
    assert sum(len(call) for _, call in inner.calls) == 8
