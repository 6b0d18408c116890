"""A log that ends before what was folded from it: whoever compares says so, and nobody waits for what never comes."""

import asyncio
from typing import Any

import pytest
from projected_story import DIMENSIONS, Log, Story
from prometheus_client import REGISTRY
from support.replayed import Sender, folded_anew

from muniment.projections.config import ProjectionsConfig
from muniment.projections.live import live_schema
from muniment.projections.registry import projection
from muniment.projections.replaying.comparison import Comparison
from muniment.projections.replaying.load import LogTooShort
from muniment.projections.replaying.replay import How, replay
from muniment.projections.status import ProjectionStatus, Status
from muniment.projections.verifying.reconciler import Reconciler
from muniment.projections.verifying.verify import Look, verify
from muniment.schemas.topics import DOCUMENTS

ENOUGH_S = 30.0
NAME = "documents"


async def test_a_log_that_ends_before_the_read_model_is_told(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """Verification and replay end with the place and both offsets; the standing comparison counts and names it."""
    await Story(log, ("a",)).tell()
    await sender.send([r for r in log.records if r.topic == DOCUMENTS.name])
    documents = projection(NAME, DIMENSIONS)
    live = (await folded_anew(documents, config, log.codec)).live
    await connection.execute(
        f"update {live}.checkpoints set next_offset = next_offset + 1000 where topic = $1 and partition = 1",
        DOCUMENTS.name,
    )
    with pytest.raises(LogTooShort, match=rf"{DOCUMENTS.name}:1 ends at \d, but was folded up to 100\d"):
        await asyncio.wait_for(verify(documents, config, log.codec, Look()), ENOUGH_S)
    for how in (How(), How(anew=True)):
        with pytest.raises(LogTooShort, match="restore it"):
            await asyncio.wait_for(replay(documents, config, log.codec, how), ENOUGH_S)
    # An older version is not replaced by less than readers have seen, either.
    await connection.execute("update read.live set version = version - 1")
    with pytest.raises(LogTooShort):
        await asyncio.wait_for(replay(documents, config, log.codec, How(only_outdated=True)), ENOUGH_S)
    await connection.execute("update read.live set version = version + 1")

    status, stop = Status({NAME: ProjectionStatus(NAME)}), asyncio.Event()
    running = asyncio.create_task(Reconciler(config, log.codec, lambda _: (), status, stop, every_s=0.01).run())
    try:
        async with asyncio.timeout(ENOUGH_S):
            while True:
                if (drift := status.projections[NAME].drift) and drift.rows:
                    break
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await asyncio.wait_for(running, ENOUGH_S)
    assert [name for name in drift.named if f"{DOCUMENTS.name}:1 ends at" in name]
    assert REGISTRY.get_sample_value("projection_drift_rows", {"projection": NAME})


class Accepts:
    """Somebody who accepts, and what they were asked."""

    def __init__(self) -> None:
        self.asked: list[Comparison] = []

    async def __call__(self, comparison: Comparison) -> bool:
        self.asked.append(comparison)
        return True


@pytest.mark.parametrize("outdated", [False, True])
async def test_what_is_left_of_a_log_is_switched_to_once_that_is_accepted(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, *, outdated: bool
) -> None:
    """By name of the partition, never unasked; then the read model is what the log says, and follows it."""
    gone, left = Story(log, ("a",)), Story(log, ("b",))
    await gone.tell()
    first = [r for r in log.records if r.topic == DOCUMENTS.name]
    await sender.send(first, partition=1)
    documents = projection(NAME, DIMENSIONS)
    live = (await folded_anew(documents, config, log.codec)).live
    # The log was made anew: the other one is all that is there, and lies where nothing was folded from.
    await connection.execute(f"update {live}.checkpoints set next_offset = 1000 + next_offset where partition = 1")
    await connection.execute(f"update {live}.documents set title = 'of what is gone'")
    mark = len(log.records)
    await left.tell()
    await sender.send([r for r in log.records[mark:] if r.topic == DOCUMENTS.name], partition=0)
    if outdated:
        await connection.execute("update read.live set version = version - 1")
    refused = How(short=True)
    done = await replay(documents, config, log.codec, refused)
    assert (done.switched, await live_schema(connection, NAME)) == (False, live)
    accepts = Accepts()
    done = await asyncio.wait_for(replay(documents, config, log.codec, How(short=True, accept=accepts)), ENOUGH_S)
    assert done.switched
    [asked] = accepts.asked
    assert [line for line in asked.differences if line.startswith(f"{DOCUMENTS.name}:1 ends at {len(first)}, but was")]
    assert asked.differing or outdated
    assert (await verify(documents, config, log.codec, Look())).equal
    assert not (await replay(documents, config, log.codec, How())).comparison.lost


async def test_what_was_loaded_of_a_log_that_is_gone_is_not_gone_on_with(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """A replay that was stopped beyond the end that the log has now begins anew: its rows are not of this log."""
    await Story(log, ("a",)).tell()
    await sender.send([r for r in log.records if r.topic == DOCUMENTS.name], partition=1)
    documents, accepts = projection(NAME, DIMENSIONS), Accepts()
    live = (await folded_anew(documents, config, log.codec)).live
    await connection.execute(f"update {live}.documents set title = 'forged'")
    stopped = await replay(documents, config, log.codec, How())
    for schema in (live, stopped.schema):
        await connection.execute(f"update {schema}.checkpoints set next_offset = 1000 + next_offset")
    await connection.execute(f"update {stopped.schema}.documents set title = 'of another log'")
    done = await asyncio.wait_for(replay(documents, config, log.codec, How(short=True, accept=accepts)), ENOUGH_S)
    assert done.switched
    assert await connection.fetchval("select count(*) from read.documents where title = 'of another log'") == 0
    assert (await verify(documents, config, log.codec, Look())).equal
