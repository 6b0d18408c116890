"""A fetcher that leaves a host alone for a while when it has failed too often: nobody waits for its time-out again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from muniment.producers.breakers.breakers import Breakers
from muniment.schemas.breakers import FETCHING
from muniment.schemas.web_address import WebAddress
from muniment.stream_apps.fetching.port import Fetcher, Found


class GuardedFetcher:
    """See `Fetcher`; also raises `StepFailure(breaker_open)`. Each host and port has a breaker of its own."""

    def __init__(self, inner: Fetcher, breakers: Breakers) -> None:
        self._inner = inner
        self._breakers = breakers

    @asynccontextmanager
    async def open(self, address: WebAddress) -> AsyncIterator[Found]:
        """See `Fetcher.open`."""
        breaker = self._breakers.of(FETCHING, f"{address.host}:{address.port}")
        async with breaker.calling(), self._inner.open(address) as found:
            yield found
