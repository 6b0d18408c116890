"""Calls beside the loop of their callers: noted while that is busy, cancelled with them, ended with the process."""

import asyncio
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.embedder import FakeEmbedder

from muniment.producers.embedding.beside import SWITCH_S, BesideEmbedder
from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.embedder import Embedded, Purpose
from muniment.producers.embedding.noting import answered
from muniment.producers.embedding.paid import Paid, paying_for
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

LONGEST_S = 90.0


class Adapter(FakeEmbedder):
    """Tells of its answers, and of what became of it."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self.began, self.cancelled, self.closed = threading.Event(), threading.Event(), threading.Event()

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """See `FakeEmbedder`."""
        self.began.set()
        try:
            # Several turns of a loop, as an answer comes in parts.
            await asyncio.sleep(3600 if self.hangs else 0.01)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        answer = await super().embed(texts, purpose=purpose)
        answered(answer)
        return answer

    async def close(self) -> None:
        """Nothing is left open."""
        self.closed.set()


def noted(folder: Path, texts: list[str]) -> set[str]:
    return set(Paid(folder, "fake", 8).known("acme", texts))


async def test_an_answer_is_noted_while_the_callers_loop_is_busy(tmp_path: Path) -> None:
    """The loop does not come round a single time until the vectors are in the file."""
    inner, paid = Adapter(), Paid(tmp_path, "fake", 8)
    beside = BesideEmbedder(inner)
    embedder = CoalescingEmbedder(beside, paid=paid)
    with paying_for("acme"):
        waiting = asyncio.create_task(embedder.embed(["a", "b"], purpose="passage"))
    assert await asyncio.to_thread(inner.began.wait, LONGEST_S)
    deadline = time.monotonic() + LONGEST_S
    while noted(tmp_path, ["a", "b"]) != {"a", "b"}:
        assert time.monotonic() < deadline, "nobody reads the answer while the loop is busy"
        time.sleep(0.01)  # noqa: ASYNC251 - a step at work that lets nobody else run
    assert not waiting.done()
    assert len((await waiting).vectors) == 2
    await embedder.close()
    paid.close()
    await beside.close()
    assert inner.closed.is_set()


async def test_what_goes_wrong_there_is_told_here() -> None:
    """With its code and what it says of the time to wait."""
    inner = Adapter()
    inner.script = lambda _texts: StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "later", retry_after_s=3)
    beside = BesideEmbedder(inner)
    with pytest.raises(StepFailure, match="later") as caught:
        await beside.embed(["a"], purpose="passage")
    assert caught.value.retry_after_s == 3
    assert (beside.model, beside.dimensions) == ("fake", 8)
    await beside.close()


async def test_who_gives_up_ends_the_call() -> None:
    """Nothing goes on there that nobody waits for."""
    inner = Adapter()
    inner.hangs = True
    beside = BesideEmbedder(inner)
    waiting = asyncio.create_task(beside.embed(["a"], purpose="passage"))
    assert await asyncio.to_thread(inner.began.wait, LONGEST_S)
    waiting.cancel()
    assert await asyncio.to_thread(inner.cancelled.wait, LONGEST_S)
    await beside.close()


async def test_an_end_leaves_nothing_under_way() -> None:
    """A call that nobody has cancelled is, and its caller does not wait for ever."""
    inner = Adapter()
    inner.hangs = True
    beside = BesideEmbedder(inner)
    waiting = asyncio.create_task(beside.embed(["a"], purpose="passage"))
    assert await asyncio.to_thread(inner.began.wait, LONGEST_S)
    await beside.close()
    assert inner.cancelled.is_set()
    async with asyncio.timeout(LONGEST_S):
        await asyncio.wait([waiting])
    assert waiting.cancelled()


async def test_its_thread_lives_from_the_first_call_to_the_end() -> None:
    """Nobody who embeds nothing pays for one; none is left behind."""

    def threads() -> int:
        return sum(one.name == "embedding" for one in threading.enumerate())

    before, beside, idle = threads(), BesideEmbedder(Adapter()), BesideEmbedder(Adapter())
    assert len((await beside.embed([], purpose="passage")).vectors) == 0
    assert threads() == before
    await beside.embed(["a"], purpose="passage")
    assert threads() == before + 1
    await beside.close()
    await idle.close()
    assert threads() == before


async def test_a_busy_process_gives_way_to_an_answer_soon() -> None:
    """With the first call threads of the process begin to give way to each other ten times as soon as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    beside = BesideEmbedder(Adapter())
    try:
        await beside.embed(["a"], purpose="passage")
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    finally:
        sys.setswitchinterval(before)
        await beside.close()
