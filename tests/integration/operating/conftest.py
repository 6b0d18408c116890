"""A yard of dead letters, with the read model that commands select from."""

from collections.abc import AsyncIterator, Callable

import pytest
from support.read_letters import ReadYard
from support.redriving import Yard

from muniment.projections.prepare import prepare
from muniment.stream_apps.operating.letters import ReadModelLetters


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(8)


@pytest.fixture
async def yard(kafka_bootstrap: str, read_models: str, database_url: str, unique: str) -> AsyncIterator[ReadYard]:
    """Everything that a redrive takes, under names of its own."""
    schema = (await prepare(database_url, 8))["dead_letters"]
    async with Yard(kafka_bootstrap, database_url, f"{unique}.") as made:
        made.letters = ReadModelLetters(made.pool)  # type: ignore[assignment]
        yield ReadYard(made, schema)
