"""Calls of our own database that a record cannot be settled without: repeated in place until they succeed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.stream_apps.hosting.failures import failure_of, passes_through
from muniment.stream_apps.retrying.confirmed import FIRST_PAUSE_S, LONGEST_PAUSE_S, Sleep
from muniment.stream_apps.retrying.waited import Repeated

T = TypeVar("T")
LIMIT_S = 30.0
"""After so long without an answer the database counts as away."""
log = structlog.get_logger(__name__)


async def insist(work: Callable[[], Awaitable[T]], sleep: Sleep = asyncio.sleep) -> T:
    """What `work` gives, however often it takes. Going on without it could break an order or lose a record."""
    pause = FIRST_PAUSE_S
    with Repeated() as repeated:
        while True:
            try:
                async with asyncio.timeout(LIMIT_S):
                    return await work()
            except BaseException as error:
                if passes_through(error):
                    raise
                failure = failure_of(error, ErrorCode.DATABASE_UNAVAILABLE)
                if POLICIES[failure.code] is Policy.BLOCK:
                    log.warning("step_blocked", code=failure.code.value, error=failure.detail, pause_s=pause)
                else:
                    log.exception("step_blocked", code=failure.code.value, pause_s=pause)
                repeated.on(failure)
            await sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
