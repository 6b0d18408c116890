"""A worker is killed while a model writes: on a real broker and database, with processes of their own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from support import drafting_worker
from support.drafting import BRIEF, NOW
from support.key_ring import MemoryKeyRing
from support.model_server import ModelServer, saying
from support.topics import create_topics

from muniment.producers.consumed import record_of
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import DraftPrompted, DraftRefused, DraftRequested, DraftStreamed, DraftWritten
from muniment.schemas.topics import JOBS, PROJECTS


@asynccontextmanager
async def heard(bootstrap: str, tenant: str) -> AsyncIterator[list[Record]]:
    """What is said of a tenant's drafts from now on, as it comes."""
    consumer = AIOKafkaConsumer(PROJECTS.name, JOBS.name, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await consumer.start()
    found: list[Record] = []

    async def listen() -> None:
        async for message in consumer:
            record = record_of(message)
            if record.header("tenant") == tenant:
                found.append(record)

    for place in consumer.assignment():
        await consumer.position(place)
    listening = asyncio.create_task(listen())
    try:
        yield found
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await consumer.stop()


@contextmanager
def worker(*words: str) -> Iterator[Any]:
    """A worker process."""
    with subprocess.Popen([sys.executable, drafting_worker.__file__, *words]) as process:
        try:
            yield process
        finally:
            process.kill()


def of(kind: Any, records: list[Record]) -> list[Record]:
    """Those of one event."""
    return [record for record in records if record.header("ce_type") == kind.declaration.ce_type]


async def until(look: Any) -> None:
    """Wait for something to be true."""
    async with asyncio.timeout(100):
        while not look():  # noqa: ASYNC110 - another process is what is waited for
            await asyncio.sleep(0.02)


@pytest.mark.timeout(400)
async def test_a_draft_is_written_once_whoever_is_killed(kafka_bootstrap: str, database_url: str, unique: str) -> None:
    """`kill -9` in mid-stream: the next worker asks again, both prompts are on the log, one answer is; a record that
    comes again after that asks nobody. Both calls were paid for, and the log has what each of them cost."""
    await create_topics(kafka_bootstrap)
    ids: dict[str, UUID] = {name: uuid4() for name in ("project_id", "episode_id", "draft_id", "job_id")}
    how: dict[str, Any] = {"template": "script", "language": "en", "max_tokens": 200, "temperature": 0.0, "seed": None}
    ring, job = MemoryKeyRing(), ids["job_id"]
    await ring.create(unique, ids["draft_id"])
    request = DraftRequested(**ids, brief=BRIEF, document_ids=(), **how)
    record = await LogCodec(ring).encode(request, Metadata(job, unique, job, job, NOW, "muniment.test"))
    async with (
        ModelServer().running() as model,
        heard(kafka_bootstrap, unique) as said,
        KafkaPublisher(kafka_bootstrap) as publisher,
    ):
        words = (kafka_bootstrap, database_url, model.root, unique, str(ids["draft_id"]))
        model.script.append(saying("openai", ["word "] * 3000, gap_s=0.01))
        await publisher.send(record)
        with worker(*words):
            await until(lambda: len(of(DraftStreamed, said)) > 1)
        assert not of(DraftWritten, said)
        with worker(*words):
            await until(lambda: of(DraftWritten, said))
            # Once more; and one that is refused at once, since nobody has its key, tells that both were taken in.
            await publisher.send(record)
            other = replace(request, draft_id=uuid4())
            await ring.create(unique, other.draft_id)
            meta = Metadata(uuid4(), unique, uuid4(), uuid4(), NOW, "muniment.test")
            await publisher.send(await LogCodec(ring).encode(other, meta))
            await until(lambda: of(DraftRefused, said))
            await asyncio.sleep(0.3)
        prompts = [(await LogCodec(ring).decode(one)).event for one in of(DraftPrompted, said)]
        assert [prompt.attempt for prompt in prompts if isinstance(prompt, DraftPrompted)] == [1, 2]
        assert len(of(DraftWritten, said)) == 1
        assert len(model.calls) == 2
        # What the killed try had cost is told, too: once.
        (charged,) = [(await LogCodec(ring).decode(one)).event for one in of(DraftCharged, said)]
        assert isinstance(charged, DraftCharged)
        assert (charged.draft_id, charged.attempt, charged.code) == (ids["draft_id"], 1, "broken_off")
        assert charged.tokens_out > 0
        assert charged.estimated
