"""The watch over the audited topics, on a real broker: what an administrator of it changes is told on the record."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from muniment.infra.log_watch.looking import look
from muniment.infra.log_watch.memory import WatchMemory
from muniment.infra.log_watch.watch import Watch
from muniment.schemas.codec import decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.schemas.topic_config import END, START, TOPIC, Finding, wanted_config
from muniment.schemas.topics import DOCUMENTS

NAME = DOCUMENTS.name


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what tells nobody that it has come."""
    async with asyncio.timeout(90):
        while not await holds():  # noqa: ASYNC110 - a broker and a database tell nobody
            await asyncio.sleep(0.05)


@dataclass
class Log:
    """A log that confirms everything, unless it is away."""

    sent: list[Record] = field(default_factory=list)
    away: bool = False

    async def send(self, record: Record) -> Record:
        if self.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")
        self.sent.append(record)
        return record

    def told(self) -> list[tuple[str, str]]:
        """What the events say, in order."""
        events: list[Any] = [decode(record, lambda _: None).event for record in self.sent]
        return [(type(one).__name__, one.setting) for one in events]


@dataclass
class Watched:
    """A topic of the test's own, and the watch over it."""

    prefix: str
    admin: Any
    bootstrap: str
    pool: Any
    log: Log = field(default_factory=Log)

    def watch(self) -> Watch:
        return Watch(
            self.bootstrap, self.pool, self.log, now=lambda: datetime.now(UTC), topics=(DOCUMENTS,), prefix=self.prefix
        )

    async def configure(self, **changed: str) -> None:
        config = wanted_config(DOCUMENTS) | {name.replace("_", "."): value for name, value in changed.items()}
        await self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self.prefix + NAME, configs=config)])

        async def seen() -> bool:
            found = (await look(self.bootstrap, (DOCUMENTS,), prefix=self.prefix)).config[NAME]
            return found is not None and config.items() <= found.items()

        await until(seen)

    async def write(self, count: int) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            for _ in range(count):
                await producer.send_and_wait(self.prefix + NAME, b"x", partition=0)


@pytest.fixture
async def watched(kafka_bootstrap: str, database_url: str, unique: str) -> AsyncIterator[Watched]:
    """The topic as it is declared, with five records, looked at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    prefix = f"{unique}."
    await admin.create_topics([NewTopic(prefix + NAME, 2, 1, topic_configs=wanted_config(DOCUMENTS))])
    async with asyncpg.create_pool(database_url, min_size=1, max_size=3) as pool:
        found = Watched(prefix, admin, kafka_bootstrap, pool)
        await found.write(5)
        assert await found.watch().once() == []
        yield found
    await admin.delete_topics([prefix + NAME])
    await admin.close()


async def test_a_changed_configuration_is_told_once_and_its_end_too(watched: Watched) -> None:
    """Compaction and a retention, set at the broker behind our backs; then both are taken back."""
    await watched.configure(cleanup_policy="compact", retention_ms="60000")
    found = await watched.watch().once()
    assert {(one.setting, one.declared, one.found, one.loses) for one in found} == {
        ("cleanup.policy", "delete", "compact", True),
        ("retention.ms", "-1", "60000", True),
    }
    await watched.watch().once()
    assert sorted(watched.log.told()) == [
        ("AuditedTopicChanged", "cleanup.policy"),
        ("AuditedTopicChanged", "retention.ms"),
    ]
    assert len((await WatchMemory(watched.pool).state()).alarms) == 2
    await watched.configure()
    assert await watched.watch().once() == []
    assert watched.log.told()[2:] == [
        ("AuditedTopicRestored", "cleanup.policy"),
        ("AuditedTopicRestored", "retention.ms"),
    ]
    assert (await WatchMemory(watched.pool).state()).alarms == ()


async def test_deleted_records_are_told_until_somebody_accepts_it(watched: Watched) -> None:
    """The start of a partition beyond what was there; a later look, by another process, knows it still."""
    await watched.admin.delete_records({TopicPartition(watched.prefix + NAME, 0): RecordsToDelete(3)})
    gone = Finding(NAME, 0, START, "0", "3")
    assert await watched.watch().once() == [gone]
    await watched.write(1)
    assert await watched.watch().once() == [gone]
    assert watched.log.told() == [("AuditedTopicChanged", START)]
    seen = await look(watched.bootstrap, (DOCUMENTS,), prefix=watched.prefix)
    memory = WatchMemory(watched.pool)
    now = datetime.now(UTC)
    said = await memory.accept(NAME, seen.spans[NAME], actor="cli:ann", reason="a test of the disk", now=now)
    assert said == [gone]
    assert await watched.watch().once() == []
    assert watched.log.told()[1:] == [("AuditedTopicRestored", START)]
    last = decode(watched.log.sent[-1], lambda _: None)
    assert (last.meta.actor, last.event.accepted, last.event.reason) == ("cli:ann", True, "a test of the disk")


async def test_a_topic_made_anew_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before where it did; one that is gone is missing."""
    monkeypatch.setattr("muniment.infra.log_watch.watch.SETTLED_S", 0.05)
    await watched.admin.delete_topics([watched.prefix + NAME])

    async def gone() -> bool:
        return watched.prefix + NAME not in await watched.admin.list_topics()

    await until(gone)
    assert [one.setting for one in await watched.watch().once()] == [TOPIC]
    await watched.admin.create_topics([NewTopic(watched.prefix + NAME, 2, 1, topic_configs=wanted_config(DOCUMENTS))])

    async def shorter() -> bool:
        return [one.setting for one in await watched.watch().once()] == [END]

    await until(shorter)


async def test_what_could_not_be_told_is_told_later(watched: Watched) -> None:
    """An alarm is remembered before it is told, and keeps its id."""
    await watched.configure(retention_ms="60000")
    watched.log.away = True
    with pytest.raises(StepFailure):
        await watched.watch().once()
    watched.log.away = False
    await watched.watch().once()
    await watched.watch().tell()
    assert watched.log.told() == [("AuditedTopicChanged", "retention.ms")]


async def test_one_of_two_watches(watched: Watched) -> None:
    """The other stands by and takes over when the first one ends."""
    looks: list[int] = []

    class Counted(Watch):
        def __init__(self, number: int) -> None:
            super().__init__(
                watched.bootstrap, watched.pool, watched.log, now=lambda: datetime.now(UTC), topics=(), every_s=0.02
            )
            self._number = number

        async def once(self) -> list[Finding]:
            looks.append(self._number)
            return []

    async def looked(number: int) -> bool:
        return number in looks

    first = asyncio.create_task(Counted(1).run())
    await until(partial(looked, 1))
    second = asyncio.create_task(Counted(2).run())
    await asyncio.sleep(0.3)
    assert set(looks) == {1}
    first.cancel()
    await until(partial(looked, 2))
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
