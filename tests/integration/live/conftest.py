"""Stories on a log in memory, folded into real Postgres, with instances of the live hub beside them."""

import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "projections"))

from projected_story import DIMENSIONS, Log, ReadModel

from muniment.schemas.metadata import whole_millis


@pytest.fixture
def log() -> Log:
    """An empty log, of now: a job that ended long ago waits for search no more."""
    return Log(clock=whole_millis(datetime.now(UTC)))


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(DIMENSIONS)


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a fresh database with every read model made."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as made:
        yield made


@pytest.fixture
async def read_model(pool: asyncpg.Pool, log: Log) -> ReadModel:
    """All projections, fed from the log by hand."""
    return ReadModel(pool, log)
