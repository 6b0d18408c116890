"""The standing comparison of read models with the log, slice by slice, on the real broker."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from projected_story import DIMENSIONS, Log, Story
from prometheus_client import REGISTRY
from support.replayed import PARTITIONS, Sender, folded_anew

from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.status import ProjectionStatus, Status
from muniment.projections.verifying.reconcile import Reconciling, Slice
from muniment.projections.verifying.reconciler import Reconciler
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS, OPERATIONS

READ = (DOCUMENTS, DLQ, CHUNKS, EMBEDDINGS, OPERATIONS)


@pytest.fixture
def config(config: ProjectionsConfig) -> ProjectionsConfig:
    """The read models that are compared here."""
    return replace(config, names=("documents", "chunks"))


async def folded(config: ProjectionsConfig, sender: Sender, log: Log) -> dict[str, str]:
    """Some documents in every partition, folded; the live schemas."""
    for number in range(8):
        await Story(log, (f"text {number}", "more")).tell()
    names = {topic.name for topic in READ}
    await sender.send([r for r in log.records if r.topic in names])
    return {name: (await folded_anew(projection(name, DIMENSIONS), config, log.codec)).live for name in config.names}


async def test_each_slice_finds_the_rows_of_its_own_documents(
    config: ProjectionsConfig, sender: Sender, log: Log, database_url: str
) -> None:
    """Whatever is changed, removed or added is found by exactly one slice, with its event; before that by none."""
    live = await folded(config, sender, log)
    work = {name: Reconciling(projection(name, DIMENSIONS), config, log.codec) for name in config.names}
    assert await work["documents"].slices() == [Slice(n, PARTITIONS) for n in range(PARTITIONS)]

    async def rows(name: str) -> list[int]:
        return [(await work[name].look(part)).rows for part in await work[name].slices()]

    assert [await rows(name) for name in config.names] == [[0] * PARTITIONS] * 2
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"update {live['documents']}.versions set model = 'forged'")
        await connection.execute(
            f"insert into {live['documents']}.failures values ('acme', $1, $1, 'x', 'x', now(), 'x')", uuid4()
        )
        texts = f"{live['chunks']}.chunk_texts"
        await connection.execute(f"delete from {texts} where text = 'text 3'")
        documents = await rows("documents")
        assert sum(documents) == 9
        assert min(documents) > 0, "documents lie in both partitions"
        [found] = [f for part in await work["chunks"].slices() if (f := await work["chunks"].look(part)).rows]
        assert [(row.how, said.event if said else None) for row, said in found.named] == [("removed", "ChunksPrepared")]
        assert await shadow.kept(connection) == []
    finally:
        await connection.close()


async def test_drift_is_told_until_it_is_gone(
    config: ProjectionsConfig, sender: Sender, log: Log, database_url: str
) -> None:
    """/health names the rows and the gauge counts them; once they are right again both say so."""
    live = await folded(config, sender, log)
    status, stop = Status({name: ProjectionStatus(name) for name in config.names}), asyncio.Event()
    connection: Any = await asyncpg.connect(database_url)
    await connection.execute(f"update {live['documents']}.documents set source = 'forged'")
    reconciler = Reconciler(config, log.codec, lambda _: frozenset(), status, stop, every_s=0.01)
    running = asyncio.create_task(reconciler.run())

    async def until_told(rows: int) -> dict[str, Any]:
        async with asyncio.timeout(90):
            while True:
                drift = status.health()["projections"]["documents"]["drift"]
                if drift and drift["slices"] == f"{PARTITIONS} of {PARTITIONS}" and drift["rows"] == rows:
                    return drift
                await asyncio.sleep(0.02)

    try:
        told = await until_told(8)
        assert all("was changed: source" in name for name in told["named"])
        assert len(told["named"]) == 5
        assert REGISTRY.get_sample_value("projection_drift_rows", {"projection": "documents"}) == 8
        await connection.execute(f"update {live['documents']}.documents set source = 'api'")
        assert (await until_told(0))["named"] == []
        assert REGISTRY.get_sample_value("projection_drift_rows", {"projection": "documents"}) == 0
    finally:
        stop.set()
        await running
        await connection.close()
