"""`muniment topics apply` on a real broker of its own."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.consumer import fetcher
from aiokafka.errors import InvalidTimestampError
from support.kafka import running_broker
from support.ports import free_port, free_ports

from muniment.infra import topics
from muniment.infra.settings import Settings
from muniment.infra.stack.start import lay_foundations
from muniment.producers.foreign_names import ForgivingRecords
from muniment.producers.trail.spool import orphans
from muniment.schemas import topic_config
from muniment.schemas.codec import decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topics import DOCUMENTS, MAX_AHEAD_MS, RETRY_TIERS, TOPICS


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[str]:
    """A broker that only this module uses: the topics' real names are created on it."""
    with running_broker(*free_ports(2)) as broker:
        yield broker.bootstrap


async def described(bootstrap: str) -> dict[str, int]:
    """Partition count by topic."""
    async with _client(bootstrap) as admin:
        return {d["topic"]: len(d["partitions"]) for d in await admin.describe_topics([t.name for t in TOPICS])}


async def config_of(bootstrap: str, name: str) -> dict[str, str]:
    """A topic's configuration."""
    async with _client(bootstrap) as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}


def _client(bootstrap: str) -> Any:
    return topics._admin(bootstrap)


async def test_topics_from_nothing_to_refusals(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Creates all, repeats to nothing, makes what may be made, refuses what would lose records or order."""
    # A small topic that somebody made too small grows to its own number, not to the setting.
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(RETRY_TIERS[0].name, 2, 1)])
    await admin.close()

    made = await topics.apply(bootstrap, 6)
    assert not [c for c in made if c.refused]
    assert len([c for c in made if c.what.startswith("create")]) == len(TOPICS) - 1
    assert await topics.plan(bootstrap, 6) == []
    assert await topics.apply(bootstrap, 6) == []
    assert await described(bootstrap) == {t.name: t.partitions or 6 for t in TOPICS}

    for other in (3, 12):
        refused = await topics.apply(bootstrap, other)
        assert {c.topic for c in refused if c.refused} == {t.name for t in TOPICS if t.partitions is None}
    assert (await described(bootstrap))[DOCUMENTS.name] == 6

    async with _client(bootstrap) as admin:
        own = topics.wanted_config(DOCUMENTS) | {
            "min.insync.replicas": "1",
            "message.timestamp.type": "LogAppendTime",
            "message.timestamp.after.max.ms": str(2**63 - 1),
        }
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, DOCUMENTS.name, configs=own)])
    async with asyncio.timeout(60):
        # The broker shows a change some time after it was made.
        while (await config_of(bootstrap, DOCUMENTS.name))["message.timestamp.type"] != "LogAppendTime":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    short = replace(DOCUMENTS, retention_ms=60_000)
    monkeypatch.setattr(topics, "TOPICS", tuple(short if t is DOCUMENTS else t for t in TOPICS))
    changes = await topics.apply(bootstrap, 6)
    assert {(c.what.split(":")[0], bool(c.refused)) for c in changes} == {
        ("retention.ms", True),
        ("message.timestamp.type", False),
        ("message.timestamp.after.max.ms", False),
    }
    config = await config_of(bootstrap, DOCUMENTS.name)
    assert config["retention.ms"] == "-1"
    assert config["message.timestamp.type"] == "CreateTime"
    assert config["message.timestamp.after.max.ms"] == str(MAX_AHEAD_MS)
    assert config["min.insync.replicas"] == "1"


async def test_a_start_that_changes_a_topic_is_in_the_trail(bootstrap: str, tmp_path: Path) -> None:
    """As with the command, with what was changed; a start that finds all as declared leaves nothing."""
    plan: Any = SimpleNamespace(names=())
    settings = Settings(home=tmp_path, kafka_bootstrap=bootstrap, partitions=6)
    said: list[str] = []
    await topics.apply(bootstrap, 6)
    await lay_foundations(plan, settings, said.append)
    assert (said, entries(tmp_path)) == (["topics: 0 changes"], [])
    async with _client(bootstrap) as admin:
        own = topics.wanted_config(DOCUMENTS) | {"retention.ms": "60000"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, DOCUMENTS.name, configs=own)])
    async with asyncio.timeout(60):
        while (await config_of(bootstrap, DOCUMENTS.name))["retention.ms"] != "60000":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await lay_foundations(plan, settings, said.append)
    assert said[1:] == ["topics: 1 changes"]
    reason = "muniment up: muniment.documents: retention.ms: 60000 -> -1"
    assert entries(tmp_path) == [("topics.apply", "begun", reason), ("topics.apply", "done", reason)]


def entries(home: Path) -> list[tuple[str, str, str]]:
    """What lies in the spool of an installation."""
    found: list[Any] = [decode(r, lambda _: None).event for one in orphans(home / "trail") for r in one.records()]
    return [(one.action, one.outcome, one.reason) for one in found]


async def test_what_the_broker_will_not_make_is_no_success(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three copies on one broker: an error that says so, not a list of changes that were never made."""
    extra = replace(DOCUMENTS, name="muniment.trial")
    monkeypatch.setattr(topics, "TOPICS", (extra,))
    with pytest.raises(topics.TopicsError, match=r"muniment\.trial"):
        await topics.apply(bootstrap, 1, replication=3)


async def test_what_others_compress_is_unpacked(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may use a codec that no consumer of ours has: it lies on the log as everybody can read it."""
    packed = replace(DOCUMENTS, name="muniment.packed")
    monkeypatch.setattr(topics, "TOPICS", (packed,))
    await topics.apply(bootstrap, 1)
    codecs: list[int] = []

    class Watched(ForgivingRecords):
        """Notes what the batches are compressed with."""

        def next_batch(self) -> Any:
            batch = super().next_batch()
            codecs.append(batch.compression_type)
            return batch

    monkeypatch.setattr(fetcher, "MemoryRecords", Watched)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="gzip") as producer:
        await producer.send_and_wait(packed.name, b"a" * 10_000)
    async with AIOKafkaConsumer(packed.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(60):
            assert (await consumer.getone()).value == b"a" * 10_000
    assert set(codecs) == {0}


async def test_a_record_from_the_future_is_refused(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From whatever client; one whose clock is a little ahead is heard."""
    ahead = replace(DOCUMENTS, name="muniment.ahead")
    monkeypatch.setattr(topics, "TOPICS", (ahead,))
    await topics.apply(bootstrap, 1)
    now = int(time.time() * 1000)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(ahead.name, b"soon", timestamp_ms=now + MAX_AHEAD_MS - 60_000)
        with pytest.raises(InvalidTimestampError):
            await producer.send_and_wait(ahead.name, b"far", timestamp_ms=now + MAX_AHEAD_MS + 60_000)


async def test_a_bound_that_the_broker_does_not_know_is_done_without(
    bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As to an older broker, to which the bound of records' times is unknown."""
    monkeypatch.setattr(topics, "TOPICS", (replace(DOCUMENTS, name="muniment.older"),))
    for module in (topics, topic_config):
        monkeypatch.setattr(module, "BOUND", "message.timestamp.someday.ms")
    made, left = await topics.apply(bootstrap, 1)
    assert made.what.startswith("create")
    assert "Kafka 3.6 or newer" in left.left
    (still,) = await topics.plan(bootstrap, 1)
    assert still.left


async def test_two_that_apply_at_once_both_succeed(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second finds the topic made: that is what it wanted."""
    extra = tuple(replace(DOCUMENTS, name=f"muniment.together{i}") for i in range(6))
    monkeypatch.setattr(topics, "TOPICS", extra)
    await asyncio.gather(*(topics.apply(bootstrap, 1) for _ in range(3)))
    assert await topics.plan(bootstrap, 1) == []


async def test_an_absent_broker_is_named() -> None:
    """`log_unavailable`, like everywhere else."""
    with pytest.raises(StepFailure) as error:
        await topics.plan(f"127.0.0.1:{free_port()}", 1)
    assert error.value.code is ErrorCode.LOG_UNAVAILABLE
