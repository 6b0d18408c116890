"""Order of a document through retries, on the real broker and the real database, with workers that are killed."""

import asyncio
import os
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from support.hosted import Hosted, faust_hosted, service_hosted
from support.topics import begin_at_the_end, create_topics
from support.toy_step import Do, job

from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.codec import decode
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.parking.postgres import PostgresParking

WORKER = Path(__file__).parents[2] / "support" / "toy_worker.py"
KINDS = {"faust": faust_hosted, "service": service_hosted}
WAYS = (Do.WORK,) * 12 + (Do.RECOVER, Do.OUTAGE, Do.NEVER, Do.RAISE, Do.REFUSE)
_LEFT = "select (select count(*) from muniment_parking.heads) + (select count(*) from muniment_parking.records)"
Given = dict[UUID, dict[int, Do]]


def drawn(documents: int, versions: int, seed: int) -> Given:
    """What is to happen to each version of each document."""
    rng = random.Random(seed)
    return {uuid4(): {v: rng.choice(WAYS) for v in range(1, versions + 1)} for _ in range(documents)}


def inputs(given: Given, tenant: str) -> list[Record]:
    """One version of all documents after another, as many uploads at a time would come."""
    every = sorted((v, str(d), d, do) for d, ways in given.items() for v, do in ways.items())
    return [job(tenant, do=do, document_id=document, version=version) for version, _, document, do in every]


class Ended:
    """The versions of each document in the order in which their ends came on each topic, repeats left out."""

    def __init__(self) -> None:
        self.on: dict[str, dict[UUID, list[int]]] = {DOCUMENTS.name: defaultdict(list), DLQ.name: defaultdict(list)}

    def take(self, record: Record) -> None:
        """Take note of a record, if it is an end."""
        if record.topic == DOCUMENTS.name and record.header("ce_source") != "muniment.indexing":
            return
        if (record.header("ce_type") or "").startswith("muniment.DocumentDeadLettered"):
            return
        event: Any = decode(record, lambda _: None).event
        versions = self.on[record.topic][event.document_id]
        if event.version not in versions:
            versions.append(event.version)

    def count(self) -> int:
        return sum(len(versions) for topic in self.on.values() for versions in topic.values())

    def check(self, given: Given) -> None:
        """Each document's ends are in order, and none is missing."""
        dead = {Do.NEVER, Do.RAISE}
        for document, ways in given.items():
            assert self.on[DLQ.name][document] == [v for v, do in ways.items() if do in dead]
            assert self.on[DOCUMENTS.name][document] == [v for v, do in ways.items() if do not in dead]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Any]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as opened:
        yield opened


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_each_document_in_order_whatever_fails(kafka_bootstrap: str, unique: str, pool: Any, kind: str) -> None:
    """Retries, outages, refusals and deaths among 200 records: order is that of an undisturbed run, nothing is left."""
    ports = Ports(parking=PostgresParking(pool))
    hosted = await Hosted.begin(kafka_bootstrap, unique, lambda *args: KINDS[kind](*args, ports))
    try:
        given = drawn(documents=40, versions=5, seed=5)
        for record in inputs(given, unique):
            await hosted.put(record)
        ended, taken = Ended(), {DOCUMENTS.name: 0, DLQ.name: 0}
        async with asyncio.timeout(150):
            while ended.count() < 201:  # the one that showed that the host works is among them
                await asyncio.sleep(0.1)
                for topic, before in taken.items():
                    seen = hosted.seen[topic][before:]
                    taken[topic] += len(seen)
                    for record in seen:
                        ended.take(record)
        ended.check(given)
        async with asyncio.timeout(60):
            while await pool.fetchval(_LEFT):  # noqa: ASYNC110 - the host is what is waited for
                await asyncio.sleep(0.05)
    finally:
        async with asyncio.timeout(90):
            await hosted.end()


@pytest.mark.timeout(400)
async def test_kills_strand_nothing_and_leave_the_order(
    kafka_bootstrap: str, unique: str, database_url: str, pool: Any
) -> None:
    """Two workers are killed again and again while records fail and wait: every document ends, in order."""
    await create_topics(kafka_bootstrap)
    await begin_at_the_end(kafka_bootstrap, unique)
    reader = AIOKafkaConsumer(DOCUMENTS.name, DLQ.name, bootstrap_servers=kafka_bootstrap, auto_offset_reset="latest")
    await reader.start()
    await reader.seek_to_end()
    ended, rng = Ended(), random.Random(7)

    async def collect() -> None:
        async for m in reader:
            record = Record(m.topic, m.key, m.value, tuple(m.headers), m.partition, m.offset)
            if record.header("tenant") == unique:
                ended.take(record)

    async def start() -> asyncio.subprocess.Process:
        env = {**os.environ, "MUNIMENT_TEST_DATABASE_URL": database_url}
        return await asyncio.create_subprocess_exec(
            sys.executable, str(WORKER), kafka_bootstrap, unique, "parking", env=env, stdout=asyncio.subprocess.DEVNULL
        )

    collecting = asyncio.create_task(collect())
    workers = [await start(), await start()]
    given = drawn(documents=60, versions=5, seed=11)
    try:
        async with KafkaPublisher(kafka_bootstrap) as publisher:
            for n, record in enumerate(inputs(given, unique)):
                await publisher.send(record)
                await asyncio.sleep(0.02)
                if n % 60 == 45:
                    victim = rng.randrange(2)
                    workers[victim].kill()
                    await workers[victim].wait()
                    workers[victim] = await start()
        async with asyncio.timeout(200):
            while ended.count() < 300:  # noqa: ASYNC110 - the broker is what is waited for
                await asyncio.sleep(0.2)
    finally:
        for worker in workers:
            worker.kill()
            await worker.wait()
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
        await reader.stop()
    ended.check(given)
