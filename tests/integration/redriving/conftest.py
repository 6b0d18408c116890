"""A yard of dead letters."""

from collections.abc import AsyncIterator

import pytest
from support.redriving import Yard


@pytest.fixture
async def yard(kafka_bootstrap: str, database_url: str, unique: str) -> AsyncIterator[Yard]:
    """Everything that a redrive takes, under names of its own."""
    async with Yard(kafka_bootstrap, database_url, f"{unique}.") as made:
        yield made
