"""Is a server answering? Asked with a query, since it accepts connections before it has recovered."""

import asyncpg


async def server_version(dsn: str, timeout_s: float = 3.0) -> str:
    """The server's version. Raises `ConnectionError` when it does not answer in time, or not to us."""
    try:
        connection = await asyncpg.connect(dsn, timeout=timeout_s)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as cause:
        raise ConnectionError(f"Postgres does not answer: {type(cause).__name__}") from cause
    try:
        return str(await connection.fetchval("SHOW server_version", timeout=timeout_s))
    finally:
        await connection.close(timeout=timeout_s)
