"""A worker process as a whole: starts without a broker, stops in time, says when something is broken."""

import asyncio
import json
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from support.topics import begin_at_the_end, create_topics
from support.toy_step import Do, job

from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.topics import DOCUMENTS

WORKER = Path(__file__).parents[2] / "support" / "toy_worker.py"


async def start(bootstrap: str, tenant: str, port: int = 0, **how: Any) -> asyncio.subprocess.Process:
    words = [str(WORKER), bootstrap, tenant, "workers", str(port)]
    return await asyncio.create_subprocess_exec(sys.executable, "-u", *words, **how)


@pytest.fixture
async def results(kafka_bootstrap: str, unique: str) -> AsyncIterator[AIOKafkaConsumer]:
    await create_topics(kafka_bootstrap)
    await begin_at_the_end(kafka_bootstrap, unique)
    reader = AIOKafkaConsumer(DOCUMENTS.name, bootstrap_servers=kafka_bootstrap, auto_offset_reset="latest")
    await reader.start()
    await reader.seek_to_end()
    yield reader
    await reader.stop()


async def until_indexed(reader: AIOKafkaConsumer, key: bytes) -> None:
    async with asyncio.timeout(100):
        async for message in reader:
            if message.key == key and (b"muniment.DocumentIndexed.v1") in dict(message.headers)["ce_type"]:
                return


@pytest.mark.timeout(300)
async def test_work_health_and_an_orderly_stop(
    kafka_bootstrap: str, unique: str, results: AIOKafkaConsumer, free_port: int
) -> None:
    """Workers settle, retries included, answer `/health` and `/metrics`, and stop on SIGTERM in the middle of work."""
    worker = await start(kafka_bootstrap, unique, free_port)
    try:
        async with KafkaPublisher(kafka_bootstrap) as publisher:
            given = await publisher.send(job(unique, do=Do.RECOVER))
            await until_indexed(results, given.key)
            await publisher.send(job(unique, do=Do.SLEEP, tokens=110_000))
            await asyncio.sleep(1)
        address = f"http://127.0.0.1:{free_port}"
        health = json.loads(await asyncio.to_thread(lambda: urllib.request.urlopen(f"{address}/health").read()))
        metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{address}/metrics").read())
        assert health["ok"]
        assert "muniment.documents:0" in health["parts"]["indexing"]["partitions"]
        assert b'worker_jobs_total{outcome="done",step="indexing"}' in metrics
        worker.send_signal(signal.SIGTERM)
        async with asyncio.timeout(90):
            assert await worker.wait() == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def test_a_broker_that_is_away_is_waited_for(unique: str, free_port: int) -> None:
    """Without a broker the process neither ends nor hangs: it waits, and stops when asked."""
    worker = await start(f"127.0.0.1:{free_port}", unique, stdout=asyncio.subprocess.PIPE)
    assert worker.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(3):
            await worker.stdout.readuntil(b"broker_away")
    assert worker.returncode is None
    worker.send_signal(signal.SIGTERM)
    async with asyncio.timeout(60):
        await worker.stdout.read()
        assert await worker.wait() == 0
