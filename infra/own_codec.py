"""What opens the log in a process that only folds. It imports little: that is what such a process waits for first."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from muniment.infra.settings import Settings
from muniment.infra.wrapping import wrapping
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing


def collect_seldom() -> None:
    """Let Python look for cycles seldom in this process: a fold leaves none, and looking took a quarter of its time.

    A batch holds a hundred thousand objects while it is folded: less than what some lanes hold at once is no sign.
    """
    gc.freeze()
    gc.set_threshold(1_000_000, 50, 100)


@asynccontextmanager
async def own_codec(settings: Settings, database_url: str) -> AsyncIterator[LogCodec]:
    """A codec with a pool of its own."""
    collect_seldom()
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        yield LogCodec(PostgresKeyRing(pool, await wrapping(settings, pool)))
