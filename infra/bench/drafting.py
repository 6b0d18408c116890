"""How soon a draft begins: as its reader sees it over SSE, and on the log; without a model's own time.

No model is set, so the writer is the one that quotes: what it takes to its first piece is next to nothing, and what is
left is the way of the command, retrieval, the prompt on the log, and the way of the piece.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, time
from typing import Any
from uuid import UUID

import httpx2
from aiokafka import AIOKafkaConsumer

from muniment.infra.bench import searching
from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.ours import Ours
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.script_commands import GenerateDraft
from muniment.schemas.scripts import DraftStreamed
from muniment.schemas.topics import COMMANDS_PROJECTS, JOBS

DRAFTS, LEAST, DOCUMENTS = 40, 10, 50
FIRST_MS = 150.0
PATIENCE_S = 60.0


class Heard:
    """When the command of each job was written, and when its first piece came to a reader (seconds since 1970)."""

    def __init__(self) -> None:
        self.asked: dict[UUID, float] = {}
        self.first: dict[UUID, float] = {}
        self.more = asyncio.Event()

    async def listen(self, consumer: Any) -> None:
        """Read until cancelled."""
        async for message in consumer:
            record, now = record_of(message), time()
            kind, job = record.header("ce_type"), UUID(record.header("correlation_id") or "")
            if kind == GenerateDraft.declaration.ce_type:
                self.asked[job] = (record.timestamp_ms or 0) / 1000
            elif kind == DraftStreamed.declaration.ce_type:
                self.first.setdefault(job, now)
            self.more.set()

    async def took_ms(self, job: UUID) -> float:
        """Milliseconds from the command to the first piece. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE_S):
            while job not in self.first or job not in self.asked:
                self.more.clear()
                await self.more.wait()
        return (self.first[job] - self.asked[job]) * 1000


async def measured(stack: Ours, settings: Settings, files: Sequence[Path], *, drafts: int = DRAFTS) -> list[Figure]:
    """Drafts one after the other, in a project of fifty documents, on a stack that has no model set."""
    place = await _project(stack)
    took, shown = list[float](), list[float]()
    async with (
        _listening(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")) as heard,
        httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http,
    ):
        for question in searching.questions(list(files), 2 * drafts):
            began = perf_counter()
            done = await stack.api.post(f"{place}/drafts", {"brief": question})
            seen = await _seen_ms(stack, http, done["draft_id"], began)
            if seen is not None:
                shown.append(seen)
                took.append(await heard.took_ms(UUID(done["job_id"])))
            if len(took) == drafts:
                break
    note = f"{len(took)} extracts from a project of {DOCUMENTS} documents"
    asked = (
        f"{note}; from before the POST, whose answer waits for the decision, to the first text on the draft's stream"
    )
    return [
        Figure("first text of a draft over SSE, p50", percentile(shown, 0.5), "ms", FIRST_MS, note=asked),
        Figure("first text of a draft over SSE, p95", percentile(shown, 0.95), "ms"),
        Figure("first piece of a draft, log to log, p50", percentile(took, 0.5), "ms", FIRST_MS, note=note),
        Figure("first piece of a draft, log to log, p95", percentile(took, 0.95), "ms"),
    ]


async def _project(stack: Ours) -> str:
    documents = (await stack.api.get("/v1/documents", limit=DOCUMENTS))["items"]
    project = await stack.api.post("/v1/projects", {"title": "bench"})
    place = f"/v1/projects/{project['project_id']}"
    await stack.api.post(f"{place}/documents", {"add": [one["document_id"] for one in documents]})
    episode = await stack.api.post(f"{place}/episodes", {"title": "bench"})
    return f"{place}/episodes/{episode['episode_id']}"


async def _seen_ms(stack: Ours, http: httpx2.AsyncClient, draft_id: str, began: float) -> float | None:
    """Milliseconds until its stream showed a word; `None` where the project knows nothing of the question."""
    access, first = stack.api.access, None
    headers = {"Authorization": f"Bearer {access.key}"}
    async with (
        asyncio.timeout(PATIENCE_S),
        http.stream("GET", f"{access.url}/v1/drafts/{draft_id}/events", headers=headers) as stream,
    ):
        stream.raise_for_status()
        kind = ""
        async for line in stream.aiter_lines():
            name, _, said = line.partition(": ")
            if name == "event":
                kind = said
            elif name == "data" and first is None and json.loads(said).get("text"):
                first = (perf_counter() - began) * 1000
            if name == "data" and kind == "end":
                break
    return first


@asynccontextmanager
async def _listening(bootstrap: str) -> AsyncIterator[Heard]:
    topics = COMMANDS_PROJECTS.name, JOBS.name
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="latest", fetch_max_wait_ms=10)
    await consumer.start()
    heard = Heard()
    for place in consumer.assignment():
        await consumer.position(place)
    listening = asyncio.create_task(heard.listen(consumer))
    try:
        yield heard
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await stop_consumer(consumer)
