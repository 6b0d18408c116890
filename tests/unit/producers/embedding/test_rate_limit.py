"""The bucket's promise: no minute ever sees more than the limit."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.embedder import FakeEmbedder
from support.limits import InMemoryRateLimit, Unlimited

from muniment.producers.embedding.rate_limit import Bucket, LimitedEmbedder
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(1, 300), st.lists(st.floats(0, 20), min_size=1, max_size=200))
def test_no_minute_sees_more_than_the_limit(per_minute: int, pauses: list[float]) -> None:
    """Greedy callers with any pauses: every window of a minute holds at most the limit."""
    time, sent = Time(), []
    limit = InMemoryRateLimit(Bucket(per_minute, patience_s=1e9), clock=time, sleep=time.sleep)

    async def run() -> None:
        for pause in pauses:
            time.now += pause
            await limit.acquire()
            sent.append(time.now)

    asyncio.run(run())
    for start in range(len(sent)):
        within = [moment for moment in sent[start:] if moment < sent[start] + 60 - 1e-6]
        assert len(within) <= per_minute


@given(st.integers(1, 100_000))
def test_a_bucket_and_its_refill_are_the_limit(per_minute: int) -> None:
    """Burst and a minute's refill add up to the limit, except that one a minute has to move at all."""
    bucket = Bucket(per_minute)
    assert bucket.burst + bucket.per_second * 60 == pytest.approx(max(per_minute, 2))


@given(st.floats(-50, 50), st.floats(-10, 100))
def test_a_clock_that_goes_back_gives_nothing(tokens: float, elapsed_s: float) -> None:
    """Neither time going backwards nor a long rest gives more than the burst."""
    bucket = Bucket(60, patience_s=1e9)
    left = bucket.after(tokens, elapsed_s, 1)
    assert left is not None
    assert left <= bucket.burst - 1
    assert left >= min(tokens, bucket.burst) - 1


async def test_a_line_that_is_too_long_is_refused() -> None:
    """Beyond its patience the limit refuses at once, says how long to wait, and takes nothing."""
    time = Time()

    async def stand_still(_seconds: float) -> None:
        return

    limit = InMemoryRateLimit(Bucket(60, patience_s=2), clock=time, sleep=stand_still)
    for _ in range(4):
        await limit.acquire()
    for _ in range(3):
        with pytest.raises(StepFailure) as caught:
            await limit.acquire()
    assert caught.value.code is ErrorCode.PROVIDER_RATE_LIMITED
    assert caught.value.retry_after_s == 2
    time.now += 1.1
    await limit.acquire()


def test_no_limit_is_not_a_limit_of_nought() -> None:
    """A bucket that never lets anyone through is a mistake in the settings."""
    with pytest.raises(ValueError, match="at least one"):
        Bucket(0)


async def test_each_call_is_counted_once() -> None:
    """The limit counts calls, not texts; nothing to embed counts as none."""
    taken: list[int] = []

    class Counting(Unlimited):
        async def acquire(self, n: int = 1) -> None:
            taken.append(n)

    inner = FakeEmbedder()
    embedder = LimitedEmbedder(inner, Counting())
    await embedder.embed(["a", "b"], purpose="passage")
    await embedder.embed([], purpose="passage")
    assert taken == [1]
    assert (embedder.model, embedder.dimensions) == (inner.model, inner.dimensions)
