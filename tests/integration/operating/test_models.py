"""Commands about embedding models are decided once, one after the other, on what was decided before."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from support.operations import said
from support.steps import NOW

from muniment.schemas.codec import Envelope, decode, encode
from muniment.schemas.embedding_models import (
    DropEmbeddings,
    EmbeddingsSwitched,
    MigrateEmbeddings,
    MigrationStarted,
    SwitchEmbeddings,
)
from muniment.schemas.event import Event
from muniment.schemas.operations import OperationRejected
from muniment.stream_apps.operating.model_store import ModelDecisions

OTHER = "big#1024"
MIGRATE = MigrateEmbeddings(
    model="big",
    dimensions=1024,
    base_url="",
    query_prefix="",
    passage_prefix="",
    ask_dimensions=False,
    price_per_million_tokens=0.0,
    reason="why",
)


class Gaps:
    """A read model in which so many batches are still to get vectors of a model."""

    def __init__(self) -> None:
        self.missing = {OTHER: 3}

    async def __call__(self, model: str) -> int:
        return self.missing.get(model, 0)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as made:
        yield made


def asked(event: Event) -> Envelope:
    """A command of an operator."""
    return decode(encode(event, said(), None), lambda _: None)


async def test_each_command_is_decided_on_what_was_decided_before(pool: asyncpg.Pool) -> None:
    """At once, and by another process too: what search has just been switched to cannot be dropped."""
    gaps = Gaps()

    async def decided(command: Event) -> Event:
        decisions = ModelDecisions(pool, gaps, "e5", lambda: NOW)
        [record] = await decisions.once(asked(command), "operating")
        return decode(record, lambda _: None).event

    started = await decided(MIGRATE)
    assert isinstance(started, MigrationStarted)
    assert started.model == OTHER
    early = await decided(SwitchEmbeddings(model="big", reason="why"))
    assert isinstance(early, OperationRejected)
    assert (early.code, "3 batches" in early.reason) == ("embeddings_incomplete", True)
    gaps.missing.clear()
    assert isinstance(await decided(SwitchEmbeddings(model="big", reason="why")), EmbeddingsSwitched)
    kept = await decided(DropEmbeddings(model=OTHER, reason="why"))
    assert isinstance(kept, OperationRejected)
    assert kept.code == "model_live"


async def test_a_command_that_comes_again_is_not_decided_again(pool: asyncpg.Pool) -> None:
    """It leads to the same record until that is confirmed, and then to none."""
    decisions = ModelDecisions(pool, Gaps(), "e5", lambda: NOW)
    command = asked(MIGRATE)
    first = await decisions.once(command, "operating")
    assert [r.value for r in await decisions.once(command, "operating")] == [r.value for r in first]
    await pool.execute("delete from muniment_operating.outbox where command_id = $1", command.meta.event_id)
    assert await decisions.once(command, "operating") == []
    assert await pool.fetchval("select count(*) from muniment_operating.embedding_models") == 1
