"""What was acknowledged is never lost: workers are killed at random moments while records go through."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer
from support.topics import begin_at_the_end, create_topics
from support.toy_step import Do, job

from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.ids import result_id
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS

WORKER = Path(__file__).parents[2] / "support" / "toy_worker.py"
RECORDS = int(os.environ.get("MUNIMENT_TEST_CRASH_RECORDS", "400"))


class Ends:
    """How each input of a tenant ended, read from the log: result ids and dead letters by document."""

    def __init__(self) -> None:
        self.results: dict[bytes, list[str]] = defaultdict(list)
        self.dead: Counter[bytes] = Counter()

    def missing(self, given: list[Record]) -> int:
        return sum(1 for r in given if r.key not in self.results and r.key not in self.dead)

    async def collect(self, reader: Any, tenant: str) -> None:
        async for message in reader:
            headers = dict(message.headers)
            if headers.get("tenant") != tenant.encode():
                continue
            if message.topic == DLQ.name:
                self.dead[message.key] += 1
            elif headers["ce_type"] == b"muniment.DocumentIndexed.v1":
                self.results[message.key].append(headers["ce_id"].decode())


@pytest.fixture
async def ends(kafka_bootstrap: str, unique: str) -> AsyncIterator[Ends]:
    """A reader of everything this test's tenant ends in."""
    await create_topics(kafka_bootstrap)
    await begin_at_the_end(kafka_bootstrap, unique)
    reader = AIOKafkaConsumer(DOCUMENTS.name, DLQ.name, bootstrap_servers=kafka_bootstrap, auto_offset_reset="latest")
    await reader.start()
    await reader.seek_to_end()
    found = Ends()
    task = asyncio.create_task(found.collect(reader, unique))
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await reader.stop()


async def start(bootstrap: str, tenant: str, kind: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), bootstrap, tenant, kind, stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def give_slowly(bootstrap: str, tenant: str, draw: random.Random) -> list[Record]:
    given: list[Record] = []
    async with KafkaPublisher(bootstrap) as publisher:
        for i in range(RECORDS):
            do = Do.NEVER if i % 20 == 7 else Do.SLEEP
            given.append(await publisher.send(job(tenant, do=do, tokens=draw.randrange(120))))
            await asyncio.sleep(0.02)
    return given


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["faust", "service"])
async def test_kills_lose_nothing(kafka_bootstrap: str, unique: str, ends: Ends, kind: str) -> None:
    """Under kills at random moments of one of two workers every record ends, and a repeat has the same id."""
    draw = random.Random(unique)
    workers = [await start(kafka_bootstrap, unique, kind) for _ in range(2)]
    giving = asyncio.create_task(give_slowly(kafka_bootstrap, unique, draw))
    kills = 0
    try:
        while not giving.done() or kills < 4:
            await asyncio.sleep(draw.uniform(1.0, 4.0))
            victim = draw.randrange(2)
            how = signal.SIGTERM if kills == 2 else signal.SIGKILL
            workers[victim].send_signal(how)
            await workers[victim].wait()
            kills += 1
            workers[victim] = await start(kafka_bootstrap, unique, kind)
        given = await giving
        until = asyncio.get_running_loop().time() + 150
        while ends.missing(given) and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        assert ends.missing(given) == 0
    finally:
        for worker in workers:
            worker.kill()
            await worker.wait()
    for record in given:
        expected = str(result_id(UUID(record.header("ce_id")), "indexing", "DocumentIndexed", 0))
        assert set(ends.results.get(record.key, [expected])) == {expected}
    doubles = sum(len(found) - 1 for found in ends.results.values())
    print(f"{kind}: {kills} kills, {doubles} doubles of {RECORDS}")  # noqa: T201 - shown with -s
    assert len(ends.results) + len(ends.dead) == RECORDS
