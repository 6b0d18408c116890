"""A pool that lets nobody wait without end: for requests, which have somebody waiting for their answer."""

from typing import Any


class BoundedPool:
    """What is used of an asyncpg pool, each call bounded by `wait_s` for a connection and as long for each statement.

    Past that it raises `TimeoutError`, which `database()` takes for what it is to the caller: the database is away.
    """

    def __init__(self, pool: Any, wait_s: float) -> None:
        self._pool = pool
        self._wait_s = wait_s

    def acquire(self, *, timeout: float | None = None) -> Any:
        """A connection, as an async context manager; statements on it are bounded by the pool's `command_timeout`."""
        return self._pool.acquire(timeout=self._wait_s if timeout is None else timeout)

    async def fetch(self, query: str, *given: Any) -> Any:
        """All rows."""
        async with self.acquire() as connection:
            return await connection.fetch(query, *given, timeout=self._wait_s)

    async def fetchrow(self, query: str, *given: Any) -> Any:
        """The first row."""
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *given, timeout=self._wait_s)

    async def fetchval(self, query: str, *given: Any) -> Any:
        """The first value of the first row."""
        async with self.acquire() as connection:
            return await connection.fetchval(query, *given, timeout=self._wait_s)

    async def execute(self, query: str, *given: Any) -> Any:
        """What was done."""
        async with self.acquire() as connection:
            return await connection.execute(query, *given, timeout=self._wait_s)

    async def executemany(self, query: str, given: Any) -> None:
        """The same statement for each."""
        async with self.acquire() as connection:
            await connection.executemany(query, given, timeout=self._wait_s)

    def get_size(self) -> int:
        """How many connections there are."""
        return int(self._pool.get_size())

    def get_idle_size(self) -> int:
        """How many of them nobody uses."""
        return int(self._pool.get_idle_size())
