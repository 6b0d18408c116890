"""Limits of requests for one process: none, and one that counts in memory by the product's own bucket."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from muniment.producers.embedding.rate_limit import Bucket, out_of_patience


class Unlimited:
    """No limit at all."""

    async def acquire(self, n: int = 1) -> None:
        """Go ahead."""


class InMemoryRateLimit:
    """The limit for one process alone."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bucket, self._clock, self._sleep = bucket, clock, sleep
        self._tokens, self._refreshed_at = float(bucket.burst), clock()

    async def acquire(self, n: int = 1) -> None:
        """Wait in line for `n` requests."""
        now = self._clock()
        left = self._bucket.after(self._tokens, now - self._refreshed_at, n)
        if left is None:
            raise out_of_patience(self._bucket)
        self._tokens, self._refreshed_at = left, now
        wait_s = self._bucket.wait_s(left)
        if wait_s > 0:
            await self._sleep(wait_s)
