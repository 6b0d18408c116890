"""Two instances of the API on one broker and one database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from support.accepting import Instance, instance, make_topic
from support.log_reading import read_topics

from muniment.api.keys import Scope, create_key
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS


@dataclass
class Pair:
    """Two instances, a key of one tenant, and the log behind them."""

    one: Instance
    two: Instance
    key: str
    bootstrap: str
    database_url: str
    folder: Path
    prefix: str

    async def commands(self) -> list[Record]:
        """Every command on the log."""
        return await asyncio.to_thread(read_topics, self.bootstrap, [self.prefix + COMMANDS_DOCUMENTS.name])

    async def command_ids(self) -> list[str]:
        """Their ids."""
        return [record.header("ce_id") or "" for record in await self.commands()]


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(4)


@pytest.fixture
async def pair(
    kafka_bootstrap: str, read_models: str, database_url: str, tmp_path: Path, unique: str
) -> AsyncIterator[Pair]:
    """A fresh pair."""
    prefix = f"{unique}."
    await make_topic(kafka_bootstrap, prefix)
    connection = await asyncpg.connect(database_url)
    key = (await create_key(connection, tenant="acme", name="test", scopes=list(Scope))).token
    await connection.close()
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(instance(kafka_bootstrap, database_url, tmp_path, prefix)) for _ in "12"
        ]
        yield Pair(one, two, key, kafka_bootstrap, database_url, tmp_path, prefix)
