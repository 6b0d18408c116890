"""A pool of one connection to Postgres, for a look that is over at once."""

from typing import Any

import asyncpg

CONNECT_S = 10.0
"""How long making a connection to Postgres may take."""


def one_connection(address: str) -> Any:
    """The pool; used with `async with`, which raises what asyncpg and the system do when Postgres is away."""
    return asyncpg.create_pool(address, min_size=1, max_size=1, timeout=CONNECT_S)
