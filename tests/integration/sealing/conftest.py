"""A sealed log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.sealing import World


@pytest.fixture
async def world(kafka_bootstrap: str, database_url: str, unique: str, tmp_path: Path) -> AsyncIterator[World]:
    """Everything that a sealer takes, under names of its own."""
    async with World(kafka_bootstrap, database_url, f"{unique}.", tmp_path) as made:
        yield made
