"""Landing on a real broker: a group shares the work, loses nothing, and goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.infra.analytics.landing import DRAFTS, Landing, Wanted
from muniment.infra.analytics.questions import database, rows
from muniment.infra.not_set import NotSetError
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.documents import DocumentUnchanged

DOCS = "muniment.documents"
PARTITIONS = 4


@pytest.fixture
async def prefix(kafka_bootstrap: str, unique: str) -> AsyncIterator[str]:
    """A topic of documents that nobody else has, behind this prefix."""
    prefix = f"{unique}."
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + DOCS, PARTITIONS, 1)])
    yield prefix
    await admin.delete_topics([prefix + DOCS])
    await admin.close()


async def send(bootstrap: str, topic: str, count: int) -> set[str]:
    """Facts over all partitions; the ids of their documents."""
    sent = set()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for i in range(count):
            fact = DocumentUnchanged(document_id=uuid4(), version=1, job_id=uuid4())
            record = encode(fact, example.metadata(str(uuid4())), None)
            headers = list(record.headers)
            await producer.send(topic, record.value, record.key, partition=i % PARTITIONS, headers=headers)
            sent.add(str(fact.document_id))
    return sent


def landed(folder: Path) -> list[str]:
    """The documents that the files know of."""
    with database(folder) as connection:
        return [row["document_id"] for row in rows(connection, "select document_id from DocumentUnchanged")]


def files(folder: Path) -> int:
    """How many there are."""
    return len(list(folder.glob(f"{DOCS}/*/*.parquet")))


async def test_it_goes_on_where_it_was(kafka_bootstrap: str, prefix: str, unique: str, tmp_path: Path) -> None:
    """A second run lands what came since, and nothing twice; no draft is left."""

    async def land() -> None:
        landing = Landing(kafka_bootstrap, tmp_path, Wanted((DOCS,)), group=unique, prefix=prefix)
        await landing.run(once=True)

    first = await send(kafka_bootstrap, prefix + DOCS, 40)
    await land()
    assert set(landed(tmp_path)) == first
    second = await send(kafka_bootstrap, prefix + DOCS, 20)
    await land()
    assert sorted(landed(tmp_path)) == sorted(first | second)
    with database(tmp_path) as connection:
        assert rows(
            connection, "select count(*) as n, count(distinct _offset * 10 + _partition) as places from log"
        ) == [{"n": 60, "places": 60}]
    assert list((tmp_path / DRAFTS).iterdir()) == []


async def test_a_killed_member_costs_nothing(kafka_bootstrap: str, prefix: str, unique: str, tmp_path: Path) -> None:
    """Files that were written and not committed are landed again; every fact is there, and counted once."""
    sent = await send(kafka_bootstrap, prefix + DOCS, 40)
    killed = Landing(kafka_bootstrap, tmp_path, Wanted((DOCS,)), group=unique, prefix=prefix)

    async def no_commit(_: object) -> None:
        raise ConnectionError("killed between the files and the commit")

    killed._consumer.commit = no_commit
    with pytest.raises(ConnectionError):
        await killed.run(once=True)
    assert landed(tmp_path)
    more = await send(kafka_bootstrap, prefix + DOCS, 8)
    await Landing(kafka_bootstrap, tmp_path, Wanted((DOCS,)), group=unique, prefix=prefix).run(once=True)
    assert sorted(landed(tmp_path)) == sorted(sent | more)
    assert files(tmp_path) > PARTITIONS


async def test_members_share_the_work(kafka_bootstrap: str, prefix: str, unique: str, tmp_path: Path) -> None:
    """Two members of one group land every record, each partition by one of them."""
    landings = [
        Landing(kafka_bootstrap, tmp_path, Wanted((DOCS,)), group=unique, prefix=prefix, file_s=0.5) for _ in range(2)
    ]
    members = [asyncio.create_task(one.run(once=False)) for one in landings]
    try:
        sent = await send(kafka_bootstrap, prefix + DOCS, 40)
        async with asyncio.timeout(60):
            while len(set(landed(tmp_path))) < len(sent):  # noqa: ASYNC110 - files appear; there is nothing to wait for
                await asyncio.sleep(0.5)
    finally:
        for member in members:
            member.cancel()
        await asyncio.gather(*members, return_exceptions=True)
    assert sorted(landed(tmp_path)) == sorted(sent)


async def test_another_folder_is_refused(kafka_bootstrap: str, prefix: str, unique: str, tmp_path: Path) -> None:
    """What the group has landed elsewhere would be missing; a new group lands everything in the new folder."""
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    sent = await send(kafka_bootstrap, prefix + DOCS, 8)

    made: list[Landing] = []

    async def land(folder: Path, group: str, tenant: str = "") -> None:
        made.append(Landing(kafka_bootstrap, folder, Wanted((DOCS,), tenant), group=group, prefix=prefix))
        await made[-1].run(once=True)

    await land(first, unique)
    sent |= await send(kafka_bootstrap, prefix + DOCS, 4)
    with pytest.raises(NotSetError, match="begin anew with --group"):
        await land(second, unique)
    with pytest.raises(NotSetError, match="of the tenant acme"):
        await land(first, unique, "acme")
    assert all(one._consumer._closed for one in made), "aiokafka complains after the refusal, and the reader wonders"
    assert (len(landed(first)), landed(second)) == (8, [])
    await land(second, f"{unique}-2")
    await land(first, unique)
    assert set(landed(first)) == set(landed(second)) == sent


async def test_only_a_tenant_is_landed(kafka_bootstrap: str, prefix: str, unique: str, tmp_path: Path) -> None:
    """What is another's is passed by, and stays passed by."""
    await send(kafka_bootstrap, prefix + DOCS, 8)
    landing = Landing(kafka_bootstrap, tmp_path, Wanted((DOCS,), tenant="nobody"), group=unique, prefix=prefix)
    await landing.run(once=True)
    assert landed(tmp_path) == []
