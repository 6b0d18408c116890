"""Waiting for work that goes on anyway."""

import asyncio

import pytest

from muniment.producers.to_the_end import to_the_end


async def test_who_is_cancelled_learns_of_it_when_the_work_has_ended() -> None:
    """However often it is cancelled, and however the work ends."""
    ended: list[str] = []

    async def work(*, fails: bool) -> str:
        await asyncio.sleep(0.05)
        ended.append("work")
        if fails:
            raise LookupError("gone")
        return "done"

    for fails in (False, True):
        ended.clear()
        task = asyncio.create_task(to_the_end(work(fails=fails)))
        for _ in range(3):
            await asyncio.sleep(0.005)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["work"]


async def test_undisturbed_it_is_the_work_itself() -> None:
    """Its result, or its failure."""

    async def work(*, fails: bool) -> str:
        if fails:
            raise LookupError("gone")
        return "done"

    assert await to_the_end(work(fails=False)) == "done"
    with pytest.raises(LookupError, match="gone"):
        await to_the_end(work(fails=True))
