"""A log in memory with real codec and places, the same stories on a real broker, and read models in real Postgres."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from projected_story import DIMENSIONS, Log, ReadModel
from support.replayed import Sender, own_topics

from muniment.projections.config import ProjectionsConfig
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS, OPERATIONS


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
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
async def read_model(pool: asyncpg.Pool, log: Log) -> ReadModel:
    """All projections, fed from the log by hand."""
    return ReadModel(pool, log)


@pytest.fixture
async def sender(kafka_bootstrap: str, unique: str) -> AsyncIterator[Sender]:
    """The test's own topics, those of documents and operations."""
    async with own_topics(kafka_bootstrap, unique, (DOCUMENTS, DLQ, CHUNKS, EMBEDDINGS, OPERATIONS)) as made:
        yield made


@pytest.fixture
def config(kafka_bootstrap: str, database_url: str, sender: Sender) -> ProjectionsConfig:
    """Settings for the test's own topics and database."""
    return ProjectionsConfig(kafka_bootstrap, database_url, DIMENSIONS, topic_prefix=sender.prefix)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Any]:
    """A connection to look, and to tamper, with."""
    made = await asyncpg.connect(database_url)
    yield made
    await made.close()
