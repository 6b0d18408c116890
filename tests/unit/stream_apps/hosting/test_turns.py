"""Turns on the event loop: every one that is taken is given back, whoever is cancelled and whenever."""

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.schemas.record import Record
from muniment.stream_apps.hosting.turns import SharedTurns

TAKERS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.integers(0, 12), st.booleans()), min_size=1, max_size=30
)


def of(key: str) -> Record:
    return Record("t", key.encode(), b"", ())


def key_of(record: Record) -> str:
    return record.key.decode()


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), TAKERS)
async def test_every_turn_is_given_back(most: int, takers: list[tuple[str, int, int, bool]]) -> None:
    """Also when whom it was just given to is cancelled, or what is done with it fails; never too many at once."""
    turns = SharedTurns(most, key_of, 60)
    at_work: Counter[str] = Counter()

    async def take(key: str, lasts: int, *, fails: bool) -> None:
        async with turns.one(of(key)) as given:
            assert given
            at_work[key] += 1
            try:
                assert at_work.total() <= most
                for _ in range(lasts):
                    await asyncio.sleep(0)
                if fails:
                    raise ValueError
            finally:
                at_work[key] -= 1

    tasks = [asyncio.create_task(take(key, lasts, fails=fails)) for key, lasts, _, fails in takers]
    for turn in range(14):
        await asyncio.sleep(0)
        for task, (_, _, cancelled_at, _) in zip(tasks, takers, strict=True):
            if cancelled_at == turn:
                task.cancel()
    async with asyncio.timeout(60):
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert not [end for end in ends if isinstance(end, AssertionError)]
    async with asyncio.timeout(60):
        for key in "abc":
            for _ in range(most):
                await take(key, 0, fails=False)
    everyone = [asyncio.create_task(take(key, 3, fails=False)) for key in "abc" for _ in range(2 * most)]
    async with asyncio.timeout(60):
        await asyncio.gather(*everyone)


async def test_patience_ends() -> None:
    """Who has no turn in time is told so, and stands in nobody's way any more."""
    turns = SharedTurns(1, key_of, 0.01)
    async with turns.one(of("a")) as given:
        assert given
        async with turns.one(of("a")) as late:
            assert not late
    async with asyncio.timeout(60), turns.one(of("a")) as again:
        assert again
