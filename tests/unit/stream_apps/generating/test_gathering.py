"""Pieces are told soon and in few records."""

import asyncio
from collections.abc import AsyncGenerator

from support.drafting import words

from muniment.producers.writing.writer import Finished
from muniment.stream_apps.generating.gathering import gathered

END = Finished("stop", 1, 1, "m")


async def writing(*items: str | float | Finished) -> AsyncGenerator[str | Finished, None]:
    """Pieces; a number is a pause in seconds."""
    for item in items:
        if isinstance(item, float):
            await asyncio.sleep(item)
        else:
            yield item


async def test_the_first_piece_is_told_at_once_and_the_rest_together() -> None:
    """Nothing is lost or changes places, and the end comes last."""
    items = [i async for i in gathered(writing("a ", "b ", "c ", END), words, every_s=60)]
    assert items == ["a ", "b c ", END]


async def test_many_tokens_do_not_wait_for_the_time() -> None:
    """A quick model is told in pieces of so many tokens."""
    items = [i async for i in gathered(writing(*["x "] * 9, END), words, every_s=60, tokens=4)]
    assert items == ["x ", "x " * 4, "x " * 4, END]


async def test_what_is_held_is_told_while_the_model_pauses() -> None:
    """Nobody waits for the next word to see the last one."""
    heard: list[str | Finished] = []
    never = asyncio.Event()

    async def hangs() -> AsyncGenerator[str | Finished, None]:
        yield "a "
        yield "b "
        await never.wait()

    async def listen() -> None:
        async for item in gathered(hangs(), words, every_s=0.01):
            heard.append(item)  # noqa: PERF401 - what was heard so far is looked at

    task = asyncio.create_task(listen())
    async with asyncio.timeout(60):
        while len(heard) < 2:  # noqa: ASYNC110 - the listener is what is waited for
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heard == ["a ", "b "]
