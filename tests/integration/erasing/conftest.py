"""A house in which erasures are carried out."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from support.erasing_house import House


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(8)


@pytest.fixture
async def house(read_models: str, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house with everything in it."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool:
        yield House(pool, database_url, tmp_path)
