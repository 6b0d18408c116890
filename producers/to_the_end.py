"""Waiting for what goes on anyway: a thread, or a call that another process has already heard, cannot be taken back."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. Who is cancelled meanwhile learns of it once the work has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        # Looked at, so that it is not complained of: the cancellation is what counts.
        _ = task.cancelled() or task.exception()
        raise cancelled
    return task.result()
