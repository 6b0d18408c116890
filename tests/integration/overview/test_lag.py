"""What waits where, on a real broker and real Postgres."""

import asyncio

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.infra import group_lag, unread
from muniment.infra.group_lag import GroupLag
from muniment.infra.settings import Settings
from muniment.infra.unread import LOOK_MS, Unread, spans
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.parking.lines import Line, lines
from muniment.stream_apps.parking.port import Place
from muniment.stream_apps.parking.postgres import PostgresParking


async def test_records_that_a_step_has_not_acknowledged_are_its_lag(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By group of steps and lane; a group that has acknowledged nothing has none."""
    monkeypatch.setattr(group_lag, "WAIT_S", 60.0)
    topic = TopicPartition(unique, 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for _ in range(7):
            await producer.send_and_wait(unique, b"x")
    hosts = HostSettings(kafka_bootstrap, group_prefix=unique, lanes=("normal",), together=(("deciding", "indexing"),))
    reader = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, group_id=f"{unique}.deciding", enable_auto_commit=False
    )
    await reader.start()
    reader.assign([topic])
    await reader.commit({topic: 3})
    await reader.stop()
    async with GroupLag(Settings(kafka_bootstrap=kafka_bootstrap, _env_file=None), hosts) as lag:
        found = {one.steps: one.records for one in await lag() if one.lane == "normal"}
        assert (found["deciding", "indexing"], found["embedding",]) == (4, 0)
        assert {one.tier for one in await lag() if one.tier} >= {"muniment.retry.1s", "muniment.retry.125s"}


async def test_the_marker_of_a_transaction_waits_for_nobody(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is counted by record: no reader is given a marker, nor acknowledges one at the end of a partition."""
    monkeypatch.setattr(unread, "LIMIT_S", 60.0)
    place, behind, new = (TopicPartition(unique, number) for number in range(3))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 3, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, transactional_id=unique) as producer:
        for _ in range(2):
            async with producer.transaction():
                for partition in range(3):
                    await producer.send_and_wait(unique, b"x", partition=partition)
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, group_id=None, enable_auto_commit=False, fetch_max_wait_ms=LOOK_MS
    ) as reader:
        # A record and a marker, twice; the broker writes a marker after it has said that the transaction is over.
        async with asyncio.timeout(60):
            while set((ends := await reader.end_offsets([place, behind, new])).values()) != {4}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        looking = Unread(reader, marked={unique})

        async def records(done: dict[TopicPartition, int]) -> int:
            asked = spans(done, ends)
            await looking.look(asked)
            return looking.records(asked)

        for _ in range(2):  # the second time it is known
            assert await records({place: 3}) == 0
            assert await records({place: 3, behind: 1, new: -1}) == 1
        assert await records({behind: 0}) == 4, "not looked into where more than a few wait"
        assert await records({place: 9}) == 0, "an end that is older than that is no debt"
        assert Unread(reader).records(spans({place: 3}, ends)) == 1, "by its offsets, where nobody writes transactions"


async def test_a_broker_that_is_away_is_told(free_port: int) -> None:
    """As for every read of the log, and within the time that a page waits."""
    address = f"127.0.0.1:{free_port}"
    async with GroupLag(Settings(kafka_bootstrap=address, _env_file=None), HostSettings(address)) as lag:
        with pytest.raises(StepFailure, match="log_unavailable"):
            await lag()


async def test_lines_are_counted_by_step(database_url: str) -> None:
    """Documents of which a record waits for its retry, and the records behind those: the first is not behind itself."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        parking = PostgresParking(pool)
        assert await lines(pool) == []
        for key in (b"one", b"two"):
            places = [Place("indexing", "acme", key, f"muniment.documents:0:{key.decode()}{n}") for n in range(3)]
            await parking.lead(places[0], record(places[0]))
            for place in places[1:]:
                await parking.stand(place, record(place))
        await parking.published(Place("indexing", "acme", b"one", "muniment.documents:0:one0"))
        assert await lines(pool) == [Line("indexing", 2, 4)]


def record(place: Place) -> Record:
    return Record("muniment.redelivery.indexing", place.key, b"v", (("ce_id", b"1"),))
