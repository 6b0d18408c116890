"""Pieces of a writing, put together so that few records tell of it: the first at once, then what a moment brings."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from muniment.producers.writing.writer import Finished, Writing

EVERY_S = 0.1
TOKENS = 40


async def gathered(
    writing: Writing, count: Callable[[str], int], *, every_s: float = EVERY_S, tokens: int = TOKENS
) -> AsyncGenerator[str | Finished, None]:
    """The same text in larger pieces: one after `every_s` or `tokens`, whichever is first; then the end.

    What was gathered is given when its time has come, also while the model pauses. `writing` is closed at the end.
    """
    clock = asyncio.get_running_loop().time
    held, size, due = list[str](), 0, 0.0
    coming = asyncio.ensure_future(anext(writing, None))
    try:
        while True:
            left_s = max(0.0, due - clock()) if held else None
            await asyncio.wait({coming}, timeout=left_s)
            item = coming.result() if coming.done() else ""
            if isinstance(item, str):
                if item:
                    held.append(item)
                    size += count(item)
                    coming = asyncio.ensure_future(anext(writing, None))
                if held and (size >= tokens or clock() >= due):
                    yield "".join(held)
                    held, size, due = [], 0, clock() + every_s
                continue
            if held:
                yield "".join(held)
            if item is not None:
                yield item
            return
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await writing.aclose()
