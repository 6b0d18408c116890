"""Stories on a log in memory, folded into real Postgres, and searches through caches of two instances."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "projections"))

from cached_instances import Counted, Instance
from projected_story import DIMENSIONS, Log, ReadModel

from muniment.api.caching.cache import TwoLayers
from muniment.api.caching.memory import Memory
from muniment.api.caching.shared import PostgresShared
from muniment.api.dependencies import Dependencies
from muniment.projections.waiting import Waiting


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(DIMENSIONS)


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a fresh database with every read model made."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=6) as made:
        yield made


@pytest.fixture
async def read_model(pool: asyncpg.Pool, log: Log) -> ReadModel:
    """All projections, fed from the log by hand."""
    return ReadModel(pool, log)


@pytest.fixture
async def instances(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[list[Instance]]:
    """Two instances on one database."""
    nothing = cast("Any", None)
    made = []
    memories = [Memory(), Memory()]
    async with (
        Waiting(pool, database_url) as one,
        Waiting(pool, database_url) as two,
        TwoLayers(PostgresShared(pool), memory=memories[0]) as first,
        TwoLayers(PostgresShared(pool), memory=memories[1]) as second,
    ):
        for waiting, cache, memory in ((one, first, memories[0]), (two, second, memories[1])):
            waiting.tell(cache.moved)
            searched: list[str] = []
            reads = Counted(pool, waiting)
            reads.searched = searched
            deps = Dependencies(
                publisher=nothing,
                codec=nothing,
                key_ring=nothing,
                claims=nothing,
                keys=nothing,
                reads=reads,
                embedder=nothing,
                cache=cache,
            )
            made.append(Instance(deps, memory, waiting, searched))
        yield made
