"""A key store that has lost keys holds read models up where they are: nothing reads as erased, nothing is parked."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest
from projected_story import DIMENSIONS, Log, Story
from support.replayed import Sender

from muniment.projections.config import ProjectionsConfig
from muniment.projections.documents.queries import document
from muniment.projections.registry import projection
from muniment.projections.replaying.replay import How, replay
from muniment.projections.running import run_projections
from muniment.projections.status import ProjectionStatus, Status
from muniment.schemas.errors import StepFailure


@pytest.fixture
def config(config: ProjectionsConfig) -> ProjectionsConfig:
    """One read model, whose rows hold titles."""
    return replace(config, names=("documents",), backoff_s=(0.05, 0.5))


async def ran(config: ProjectionsConfig, log: Log, until: Callable[[ProjectionStatus], bool]) -> ProjectionStatus:
    """What the only projection says when that is so; it is stopped then."""
    status, stop = Status(), asyncio.Event()
    task = asyncio.create_task(run_projections(config, log.codec, status=status, stop=stop, signals=False))
    try:
        async with asyncio.timeout(60):
            while not any(until(one) for one in status.projections.values()) and not task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return replace(next(iter(status.projections.values())))
    finally:
        stop.set()
        await task


async def test_a_lost_key_is_waited_for_and_redacts_nothing(
    config: ProjectionsConfig, sender: Sender, log: Log, database_url: str
) -> None:
    """It says so, and what to do; a rebuild stops. With the keys back everything is folded as it was written."""
    story = Story(log, ("kept",))
    await story.tell()
    topics = {topic.name for topic in projection("documents", DIMENSIONS).topics}
    records = [record for record in log.records if record.topic in topics]
    await sender.send(records)
    emptied = Log(records=log.records)
    with pytest.raises(StepFailure, match="muniment keys restore"):
        await replay(projection("documents", DIMENSIONS), config, emptied.codec, How())
    said = await ran(config, emptied, lambda one: one.state == "waiting_for_keys")
    assert (said.state, said.applied, said.parked) == ("waiting_for_keys", 0, 0)
    assert "muniment keys restore" in said.error
    said = await ran(config, log, lambda one: one.applied > 0 and one.lag == 0)
    assert (said.parked, said.error) == (0, "")
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        row = await document(pool, "acme", story.document_id)
    assert row is not None
    assert row.title == story.title
