"""Work that stops when its job is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

import structlog

from muniment.stream_apps.hosting.ports import Cancelled

T = TypeVar("T")
log = structlog.get_logger(__name__)


async def unless(cancelled: Cancelled, job_id: UUID, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """What the work gives, or `None` when the job is cancelled first: then the work is ended before this returns."""
    if cancelled.is_cancelled(job_id):
        return None
    working = asyncio.create_task(work())
    stop = asyncio.create_task(cancelled.wait(job_id))
    try:
        await asyncio.wait((working, stop), return_when=asyncio.FIRST_COMPLETED)
        if stop.done() and not stop.cancelled() and stop.exception() is not None:
            # Not to know of cancellations is no reason to stop working.
            log.error("cancellations_unknown", kind=type(stop.exception()).__name__)
            await asyncio.wait((working,))
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stop.cancel()
        await asyncio.gather(working, stop, return_exceptions=True)
