"""The limit that all workers on all machines share: a token bucket in Postgres, one statement a request."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from muniment.producers.embedding.rate_limit import Bucket, out_of_patience
from muniment.producers.postgres import database

if TYPE_CHECKING:
    import asyncpg

_TAKE = files(__package__).joinpath("rate_limit.sql").read_text(encoding="utf-8")


class PostgresRateLimit:
    """A bucket by name; everyone who gives the same name should give the same numbers."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        name: str,
        bucket: Bucket,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool, self._name, self._bucket, self._sleep = pool, name, bucket, sleep

    async def acquire(self, n: int = 1) -> None:
        """Wait in line for `n` requests; also raises `StepFailure(database_unavailable)`."""
        bucket = self._bucket
        async with database():
            wait_s = await self._pool.fetchval(
                _TAKE, self._name, float(n), float(bucket.burst), bucket.per_second, bucket.patience_s
            )
        if wait_s is None:
            raise out_of_patience(bucket)
        if wait_s > 0:
            await self._sleep(wait_s)
