"""The API as a server on real parts: Kafka, Postgres, the projections, blobs on disk.

The workers are played: whatever command reaches the log is followed at once by the facts that the steps would publish,
so that the tests see what a caller sees without waiting for models.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvicorn
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).parent))

from played_workers import DIMENSIONS, PlayedWorkers, QuestionEmbedder
from served_api import Served

from muniment.api.app import create_app
from muniment.api.attempts import PostgresAttempts
from muniment.api.audit_reads.postgres import PostgresAuditReads
from muniment.api.dependencies import Dependencies
from muniment.api.erasure_reads.postgres import PostgresErasures
from muniment.api.evidence import Evidence
from muniment.api.idempotency.postgres import PostgresIdempotency
from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, create_key
from muniment.api.models.port import PostgresModels
from muniment.api.overview.postgres import PostgresOverview
from muniment.api.postgres_reads import PostgresReads
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.script_reads.postgres import PostgresScripts
from muniment.api.script_reads.streams import DraftStreams
from muniment.api.sessions import Lifetime, PostgresSessions
from muniment.api.settings import ApiSettings
from muniment.producers.claims import Claims
from muniment.producers.document_records import DocumentRecords
from muniment.producers.draft_pieces import DraftPieces
from muniment.producers.draft_sources import DraftSources
from muniment.producers.embedding.models import Priced
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.key_file import load
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.record_at import KafkaRecords
from muniment.producers.sealing.proving import Proofs
from muniment.producers.signing import Signer
from muniment.producers.subjects import Subjects
from muniment.producers.trail.trail import SpooledTrail
from muniment.projections.config import ProjectionsConfig
from muniment.projections.prepare import prepare
from muniment.projections.running import run_projections
from muniment.projections.waiting import Waiting
from muniment.schemas.record import Record
from muniment.schemas.topics import JOBS, MAX_RECORD_BYTES, TOPICS

PARTITIONS = 2
WAIT_S = 30.0
"""How long reads and decisions wait for a read model here: the default is too short where a machine stands still."""


@pytest.fixture(scope="module")
def served(
    kafka_bootstrap: str, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The API on a port of its own, in a thread of its own, with two tenants' keys."""
    folder = tmp_path_factory.mktemp("api")
    ready: threading.Event = threading.Event()
    held: dict[str, object] = {}

    async def live() -> None:
        stop = asyncio.Event()
        held["stop"], held["loop"] = stop, asyncio.get_running_loop()
        async with _parts(kafka_bootstrap, module_database_url, folder) as (dependencies, keys):
            server = uvicorn.Server(uvicorn.Config(create_app(dependencies), port=0, log_config=None, lifespan="on"))
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
                await asyncio.sleep(0.02)
            port = server.servers[0].sockets[0].getsockname()[1]
            held["served"] = Served(f"http://127.0.0.1:{port}", *keys, app=server.config.app)
            ready.set()
            await stop.wait()
            server.should_exit = True
            await serving

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            held["error"] = error
            ready.set()
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(100), "the API did not start"
    if "error" in held:
        raise AssertionError("the API did not start") from held["error"]
    yield held["served"]
    held["loop"].call_soon_threadsafe(held["stop"].set)
    thread.join(20)


@asynccontextmanager
async def _parts(bootstrap: str, database_url: str, folder: Path) -> AsyncIterator[tuple[Dependencies, list[str]]]:
    prefix = f"{folder.name}-{database_url.rsplit('/', 1)[-1]}."
    await _topics(bootstrap, prefix)
    # As the API does at its start: empty or not, the read models are there before anybody asks.
    await prepare(database_url, DIMENSIONS)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(database_url, min_size=1, max_size=6))
        key_ring = PostgresKeyRing(pool, load(folder / "keys.json"))
        codec = LogCodec(key_ring)
        publisher = await stack.enter_async_context(KafkaPublisher(bootstrap))
        waiting = await stack.enter_async_context(Waiting(pool, database_url))
        config = ProjectionsConfig(
            bootstrap, database_url, DIMENSIONS, group=f"{prefix}projections", topic_prefix=prefix
        )
        pieces = await stack.enter_async_context(DraftPieces(bootstrap, topic=prefix + JOBS.name))
        streams = DraftStreams(pieces, ApiSettings())
        waiting.tell(streams.moved)
        stop = asyncio.Event()
        folding = asyncio.create_task(run_projections(config, codec, stop=stop, signals=False))
        try:
            dependencies = Dependencies(
                publisher=PlayedWorkers(publisher, codec, prefix),
                codec=codec,
                key_ring=key_ring,
                claims=Claims(pool, LocalBlobs(folder / "blobs")),
                keys=PostgresKeyStore(pool),
                reads=PostgresReads(pool, waiting),
                embedder=QuestionEmbedder(),
                models=PostgresModels(pool, _model(QuestionEmbedder.model), lambda model: _model(model.name)),
                records=KafkaRecords(bootstrap, prefix=prefix),
                idempotency=PostgresIdempotency(pool),
                trail=await stack.enter_async_context(SpooledTrail(folder / "trail", _Prefixed(publisher, prefix))),
                audit=PostgresAuditReads(pool),
                document_records=DocumentRecords(bootstrap, prefix=prefix),
                erasures=PostgresErasures(pool, Subjects(pool, key_ring)),
                projects=PostgresProjects(pool),
                scripts=PostgresScripts(pool),
                draft_sources=DraftSources(pool),
                draft_streams=streams,
                overview=PostgresOverview(pool, _nobody_waits, _nobody_waits),
                sessions=PostgresSessions(pool, Lifetime(1800, 43200)),
                attempts=PostgresAttempts(pool),
                evidence=Evidence(Proofs(pool), Signer(folder / "signing.json")),
                settings=replace(
                    ApiSettings(), wait_default_s=WAIT_S, max_json_bytes=100_000, max_upload_bytes=1_000_000
                ),
            )
            made = [await create_key(pool, tenant=t, name=t, scopes=list(Scope)) for t in ("acme", "umbrella")]
            yield dependencies, [key.token for key in made]
        finally:
            stop.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(folding, 15)


async def _nobody_waits() -> list[Any]:
    return []


def _model(name: str) -> Priced:
    return Priced(name, QuestionEmbedder(), Decimal(0))


class _Prefixed:
    """The log under names of the test's own."""

    def __init__(self, publisher: KafkaPublisher, prefix: str) -> None:
        self._publisher, self._prefix = publisher, prefix

    async def send(self, record: Record) -> Record:
        return await self._publisher.send(record.to(self._prefix + record.topic))


async def _topics(bootstrap: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"max.message.bytes": str(MAX_RECORD_BYTES + 64 * 1024)}
        await admin.create_topics(
            [NewTopic(prefix + t.name, t.partitions or PARTITIONS, 1, topic_configs=config) for t in TOPICS]
        )
    finally:
        await admin.close()
