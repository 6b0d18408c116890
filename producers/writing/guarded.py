"""A writer behind its breaker and its limit of requests a minute: the same port."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from muniment.producers.breakers.breaker import Breaker
from muniment.producers.embedding.rate_limit import RateLimit
from muniment.producers.writing.writer import Asked, Finished, Writer, Writing


class GuardedWriter:
    """See `Writer`; also raises `StepFailure(breaker_open)`, and takes no place in the line meanwhile."""

    def __init__(self, inner: Writer, breaker: Breaker, limit: RateLimit) -> None:
        self._inner = inner
        self._breaker = breaker
        self._limit = limit

    @property
    def provider(self) -> str:
        """See `Writer.provider`."""
        return self._inner.provider

    @property
    def model(self) -> str:
        """See `Writer.model`."""
        return self._inner.model

    def write(self, asked: Asked) -> Writing:
        """See `Writer.write`."""
        return self._written(asked)

    async def _written(self, asked: Asked) -> AsyncGenerator[str | Finished, None]:
        finished: Finished | None = None
        async with self._breaker.calling():
            await self._limit.acquire(1)
            async with aclosing(self._inner.write(asked)) as items:
                async for item in items:
                    if isinstance(item, Finished):
                        finished = item
                        break
                    yield item
        # Only now: nobody reads on after it, and to be closed inside the call would look as if the reader had left.
        if finished is not None:
            yield finished
