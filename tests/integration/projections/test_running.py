"""Projections on the real broker: following, waiting, two runners at once, rebuilding."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from projected_story import DIMENSIONS, Log, Story, schema_of, vector_of
from support.replayed import folded_anew

from muniment.projections.chunks.queries import search
from muniment.projections.config import ProjectionsConfig
from muniment.projections.documents.queries import document
from muniment.projections.fold import PoisonRecord
from muniment.projections.live import live_schema
from muniment.projections.registry import PROJECTIONS, projection
from muniment.projections.replaying.digest import fingerprint
from muniment.projections.replaying.replay import How, Progress, replay
from muniment.projections.running import run_projections
from muniment.projections.status import Status
from muniment.projections.waiting import Waiting
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DOCUMENTS, MAX_RECORD_BYTES, TOPICS

PARTITIONS = 2
pytestmark = pytest.mark.timeout(400)


class Broker:
    """Sends a log's records to topics of this test's own."""

    def __init__(self, producer: Any, prefix: str) -> None:
        self._producer = producer
        self.prefix = prefix

    async def send(self, records: Sequence[Record]) -> list[Position]:
        """Send in order; where they came to lie, by logical topic."""
        pending = [
            await self._producer.send(self.prefix + r.topic, r.value, key=r.key, headers=list(r.headers))
            for r in records
        ]
        done = [await p for p in pending]
        return [Position(r.topic, d.partition, d.offset) for r, d in zip(records, done, strict=True)]


@pytest.fixture
async def broker(kafka_bootstrap: str, unique: str) -> AsyncIterator[Broker]:
    """The test's own topics on the shared broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    limit = {"max.message.bytes": str(MAX_RECORD_BYTES)}
    await admin.create_topics([NewTopic(f"{unique}.{t.name}", PARTITIONS, 1, topic_configs=limit) for t in TOPICS])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", max_request_size=3_000_000) as producer:
        yield Broker(producer, f"{unique}.")


@pytest.fixture
def config(kafka_bootstrap: str, database_url: str, broker: Broker, unique: str) -> ProjectionsConfig:
    """Settings for the test's own topics and database."""
    return ProjectionsConfig(
        kafka_bootstrap, database_url, DIMENSIONS, group=unique, topic_prefix=broker.prefix, backoff_s=(0.05, 0.5)
    )


@asynccontextmanager
async def running(config: ProjectionsConfig, log: Log) -> AsyncIterator[Status]:
    """All projections, until the block ends."""
    status, stop = Status(), asyncio.Event()
    task = asyncio.create_task(run_projections(config, log.codec, status=status, stop=stop, signals=False))
    try:
        await until(lambda: status.ready or task.done())
        yield status
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await task


async def until(reached: Callable[[], Any], timeout_s: float = 100) -> None:
    """Wait until something holds."""
    deadline = monotonic() + timeout_s
    while True:
        found = reached()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        assert monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


async def folded(url: str, records: int, name: str) -> bool:
    """Whether a projection's checkpoints of the topics it reads sum up to so many records."""
    connection = await asyncpg.connect(url)
    try:
        schema = await live_schema(connection, name)
        topics = [t.name for t in projection(name, DIMENSIONS).topics]
        sql = f"select coalesce(sum(next_offset), 0) from {schema}.checkpoints where topic = any($1)"
        return bool(await connection.fetchval(sql, topics) >= records)
    finally:
        await connection.close()


def mine(log: Log, name: str) -> list[Record]:
    """The records of a log that a projection reads."""
    topics = {t.name for t in projection(name, DIMENSIONS).topics}
    return [r for r in log.records if r.topic in topics]


async def caught_up(config: ProjectionsConfig, log: Log) -> None:
    """Wait until every projection that runs has folded the whole log."""
    for name in config.names or PROJECTIONS:
        await until(lambda name=name: folded(config.database_url, len(mine(log, name)), name))


async def contents(url: str) -> dict[str, dict[str, tuple[int, str]]]:
    """Hashes of all live tables."""
    connection = await asyncpg.connect(url)
    try:
        return {
            name: await fingerprint(connection, make(DIMENSIONS), await live_schema(connection, name) or "")
            for name, make in PROJECTIONS.items()
        }
    finally:
        await connection.close()


async def test_a_reader_waits_for_its_command(config: ProjectionsConfig, broker: Broker, log: Log) -> None:
    """A wait for a command's position ends when what was decided is folded, and in time when it is not."""
    config = replace(config, names=("documents", "jobs"))
    story = Story(log, ("some text",))
    await story.command()
    async with (
        running(config, log),
        asyncpg.create_pool(config.database_url, min_size=1, max_size=2) as pool,
        Waiting(pool, config.database_url) as waiting,
    ):
        [position] = await broker.send(log.records)
        assert await waiting.wait_for("jobs", position, 60)
        assert not await waiting.wait_for("documents", position, 0.2)
        waiter = asyncio.create_task(waiting.wait_for("documents", position, 60))
        await broker.send([await story.submitted(position)])
        assert await waiter
        row = await document(pool, "acme", story.document_id)
        assert row is not None
        assert row.status == "submitted"
        assert await waiting.reached("documents", position) == position.offset + 1
        assert await waiting.reached("documents", Position("no.such.topic", 0, 0)) is None


async def test_two_runners_fold_once_through_rebalances(config: ProjectionsConfig, broker: Broker, log: Log) -> None:
    """A second process that joins and leaves again while records come: every record is folded, none twice."""
    for i in range(12):
        await Story(log, [f"text {i} {j}" for j in range(5)]).tell()
    half = len(log.records) // 2
    async with running(config, log):
        await broker.send(log.records[:half])
        async with running(config, log):
            await broker.send(log.records[half:])
            await asyncio.sleep(1)
        await caught_up(config, log)
        together = await contents(config.database_url)
    connection = await asyncpg.connect(config.database_url)
    assert await connection.fetchval("select count(*) from read.chunk_vectors") == 60
    assert await connection.fetchval("select count(*) from read.jobs where state = 'succeeded'") == 12
    await connection.close()
    for name in PROJECTIONS:
        await folded_anew(projection(name, DIMENSIONS), config, log.codec)
    assert await contents(config.database_url) == together


async def test_a_rebuild_equals_live_and_is_followed(config: ProjectionsConfig, broker: Broker, log: Log) -> None:
    """Rebuilt beside the live one while records come in: same rows, readers switched, the runner goes on there."""
    for i in range(8):
        story = Story(log, [f"word{i} {j}" for j in range(3)])
        await story.tell()
    await story.delete()
    await broker.send(log.records)
    seen: list[Progress] = []
    async with (
        running(config, log) as status,
        asyncpg.create_pool(config.database_url, min_size=1, max_size=2) as pool,
    ):
        await caught_up(config, log)
        before = await contents(config.database_url)
        reading = asyncio.create_task(keep_reading(pool))
        for name in PROJECTIONS:
            how = How(lanes=2, on_progress=seen.append)
            schema = (await folded_anew(projection(name, DIMENSIONS), config, log.codec, how)).live
            assert schema == f"{schema_of(name)}_2"
        # Nothing comes to fold: each says for itself into what it will.
        await until(lambda: all(one.schema == f"{schema_of(name)}_2" for name, one in status.projections.items()))
        assert await contents(config.database_url) == before
        reading.cancel()
        await reading
        late = Story(log, ("after the switch",))
        mark = len(log.records)
        await late.tell()
        await broker.send(log.records[mark:])
        await caught_up(config, log)
        page = await search(pool, "acme", "hybrid", "after the switch", vector_of("after the switch").tolist(), 1)
        assert page.hits[0].text == "after the switch"
        left = await pool.fetch(
            "select nspname from pg_namespace where nspname = any($1)", [*map(schema_of, PROJECTIONS)]
        )
        assert left == []
    assert {p.phase for p in seen} >= {"loading", "indexing", "switched"}


async def keep_reading(pool: asyncpg.Pool) -> None:
    """Search over and over until cancelled, never seeing less than is there."""
    with suppress(asyncio.CancelledError):
        while True:
            page = await search(pool, "acme", "hybrid", "word1", vector_of("word1 0").tolist(), 3)
            assert page.hits[0].text == "word1 0"
            await asyncio.sleep(0.005)


async def test_a_rebuild_stops_at_poison_and_goes_on_from_there(
    config: ProjectionsConfig, broker: Broker, log: Log
) -> None:
    """A record that cannot be folded is named, the live model stays; the next try goes on in the same schema."""
    await Story(log, ("fine",)).tell()
    await broker.send([*log.records, Record(DOCUMENTS.name, str(uuid4()).encode(), b"junk", ())])
    target = projection("documents", DIMENSIONS)
    for _ in range(2):
        with pytest.raises(PoisonRecord, match=f"{DOCUMENTS.name}:"):
            await replay(target, config, log.codec, How())
    connection = await asyncpg.connect(config.database_url)
    assert await live_schema(connection, "documents") == schema_of("documents")
    begun = [r["schema"] for r in await connection.fetch("select * from read.rebuilds")]
    assert begun == [f"{schema_of('documents')}_2"]
    await connection.close()


async def test_an_upgrade_that_stops_at_poison_stops_nobody_else_and_goes_on_once_it_is_skipped(
    config: ProjectionsConfig,
    broker: Broker,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is named with the command that skips it; the other read models are followed, the older one stays readable."""
    from muniment.projections.documents.projection import Documents

    config = replace(config, names=("documents", "jobs"))
    await Story(log, ("fine",)).tell()
    *_, poison = await broker.send([*log.records, Record(DOCUMENTS.name, str(uuid4()).encode(), b"junk", ())])
    async with running(config, log) as before:
        await until(lambda: before.projections["documents"].parked == 1)
    monkeypatch.setattr(Documents, "version", Documents.version + 1)
    passed: set[tuple[str, int, int]] = set()
    status, stop = Status(), asyncio.Event()
    task = asyncio.create_task(
        run_projections(config, log.codec, passed=lambda _: passed, status=status, stop=stop, signals=False)
    )
    try:
        await asyncio.sleep(0)
        await until(lambda: task.done() or status.projections["documents"].error == "PoisonRecord")
        await until(lambda: task.done() or status.projections["jobs"].state == "running")
        assert not task.done()
        assert f"muniment projections skip documents {poison} --reason" in caplog.text
        passed.add((poison.topic, poison.partition, poison.offset))
        await until(lambda: task.done() or status.ready)
        assert status.projections["documents"].schema == schema_of("documents")
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await task


async def test_a_lost_database_connection_is_waited_for(config: ProjectionsConfig, broker: Broker, log: Log) -> None:
    """Connections that are killed again and again cost time only: everything is folded, once."""
    for i in range(10):
        await Story(log, [f"text {i}"]).tell()
    connection = await asyncpg.connect(config.database_url)
    async with running(config, log) as status:
        for start in range(0, len(log.records), 12):
            await broker.send(log.records[start : start + 12])
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like 'muniment projection%' and datname = current_database()"
            )
        await caught_up(config, log)
        await until(lambda: status.ready)
        assert status.health()["projections"]["chunks"]["parked"] == 0
    assert await connection.fetchval("select count(*) from read.chunk_texts") == 10
    await connection.close()


@pytest.mark.parametrize("away", ["broker", "database"])
async def test_what_is_away_at_the_start_is_waited_for(
    config: ProjectionsConfig, log: Log, free_port: int, away: str
) -> None:
    """With no broker or no database every projection says what it waits for, and still stops at once."""
    nowhere = {
        "broker": replace(config, bootstrap=f"127.0.0.1:{free_port}"),
        "database": replace(config, database_url=f"postgresql://nobody@127.0.0.1:{free_port}/none"),
    }[away]
    status, stop = Status(), asyncio.Event()
    task = asyncio.create_task(run_projections(nowhere, log.codec, status=status, stop=stop, signals=False))
    await until(lambda: {p.state for p in status.projections.values()} == {f"waiting_for_{away}"})
    assert not status.ready
    assert all(p["error"] for p in status.health()["projections"].values())
    stop.set()
    async with asyncio.timeout(60):
        await task


async def test_a_newer_version_replaces_the_older_by_itself(
    config: ProjectionsConfig, broker: Broker, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that raised a projection's version fills new tables first, then switches readers and follows the log."""
    config = replace(config, names=("documents",))
    await Story(log, ("kept",)).tell()
    await broker.send(log.records)
    async with running(config, log):
        await caught_up(config, log)
    from muniment.projections.documents.projection import Documents

    newer = Documents.version + 1
    monkeypatch.setattr(Documents, "version", newer)
    async with running(config, log):
        connection = await asyncpg.connect(config.database_url)
        assert await live_schema(connection, "documents") == f"documents_v{newer}"
        assert await connection.fetchval("select count(*) from read.documents") == 1
        await connection.close()


async def test_a_record_is_visible_soon(config: ProjectionsConfig, broker: Broker, log: Log) -> None:
    """On a quiet log records that come one at a time are each told to whoever waits for it, by themselves."""
    took, config = [], replace(config, names=("documents",))
    async with (
        running(config, log),
        asyncpg.create_pool(config.database_url, min_size=1, max_size=2) as pool,
        Waiting(pool, config.database_url) as waiting,
    ):
        for i in range(20):
            story = Story(log, (f"text {i}",))
            record = await story.submitted(Position(COMMANDS_DOCUMENTS.name, 0, i))
            start = monotonic()
            await broker.send([record])
            assert await waiting.wait_for("documents", Position(COMMANDS_DOCUMENTS.name, 0, i), 60)
            took.append(monotonic() - start)
            await asyncio.sleep(0.05)
    took.sort()
    assert took[10] < 10, f"p50 {took[10] * 1000:.1f} ms, p95 {took[18] * 1000:.1f} ms"
