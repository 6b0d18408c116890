"""A log that ends before what was folded from it: whoever compares says so, and nobody waits for what never comes."""

import asyncio
from typing import Any

import pytest
from projected_story import DIMENSIONS, Log, Story
from prometheus_client import REGISTRY
from support.replayed import Sender, folded_anew

from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
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

    # What docs/replay.md says to do when the end of the log is gone for good.
    await connection.execute(f"drop schema {live} cascade")
    await connection.execute("delete from read.live where projection = $1", NAME)
    assert (await verify(documents, config, log.codec, Look())).rows == 0
