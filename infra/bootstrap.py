"""The one place where parts are wired together. Everything below takes what it needs as arguments."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2

from muniment.api.attempts import PostgresAttempts
from muniment.api.audit_reads.postgres import PostgresAuditReads
from muniment.api.caching.cache import TwoLayers
from muniment.api.caching.shared import PostgresShared
from muniment.api.channels.questions import PostgresQuestions
from muniment.api.dependencies import Dependencies
from muniment.api.erasure_reads.postgres import PostgresErasures
from muniment.api.evidence import Evidence
from muniment.api.key_store import PostgresKeyStore
from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.live_channel.postgres import PostgresPredicting
from muniment.api.live_channel.sessions import Sessions as LiveSessions
from muniment.api.models.port import PostgresModels
from muniment.api.postgres_reads import PostgresReads
from muniment.api.project_reads.news import ProjectNews
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.script_reads.postgres import PostgresScripts
from muniment.api.settings import ApiSettings, request_bytes
from muniment.infra import probes
from muniment.infra.accepting import Accepting, accepting
from muniment.infra.answering import answerer
from muniment.infra.drafts import draft_streams
from muniment.infra.host_settings import host_settings
from muniment.infra.looking_over import looking_over
from muniment.infra.not_set import required
from muniment.infra.one_connection import CONNECT_S
from muniment.infra.outside import ModelEmbedders, blob_store, first_model, guarded_embedder
from muniment.infra.settings import Settings
from muniment.infra.signing_in import provider, sessions
from muniment.infra.step_processes import StepProcesses
from muniment.infra.trailing import trail
from muniment.infra.wrapping import wrapping
from muniment.infra.writing import offered, writer
from muniment.producers.bounded_pool import BoundedPool
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.breakers.guarded import GuardedBlobs
from muniment.producers.claims import Claims
from muniment.producers.clock import utc_now
from muniment.producers.document_records import DocumentRecords
from muniment.producers.draft_sources import DraftSources
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.embedding.models import FoldedModels, Make
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.tail import OperationsTail
from muniment.producers.postgres import database
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.record_at import KafkaRecords
from muniment.producers.sealing.proving import Proofs
from muniment.producers.signing import Signer
from muniment.producers.subjects import Subjects
from muniment.producers.trail.trail import SpooledTrail
from muniment.producers.writing.writer import Writer
from muniment.projections.waiting import Waiting
from muniment.schemas.breakers import BLOBS
from muniment.schemas.metrics import POOL_SIZE


@dataclass(frozen=True)
class Parts:
    """What every process of ours stands on."""

    settings: Settings
    pool: Any
    key_ring: PostgresKeyRing
    codec: LogCodec
    publisher: KafkaPublisher
    claims: Claims
    embedder: Embedder
    operations: OperationsTail
    breakers: Breakers
    models: FoldedModels
    make: Make
    writer: Writer


def database_url(settings: Settings) -> str:
    """Postgres's address."""
    return required(
        settings.database_url.get_secret_value() if settings.database_url else None, "MUNIMENT_DATABASE_URL"
    )


async def key_ring(settings: Settings, pool: Any) -> PostgresKeyRing:
    """The data keys, which every process of ours can open."""
    return PostgresKeyRing(pool, await wrapping(settings, pool))


async def _nothing_to_reset(_: object) -> None:
    """Settings are made for a transaction, and locks are a transaction's."""


@asynccontextmanager
async def parts(settings: Settings, *, client_id: str, limited: bool = True) -> AsyncIterator[Parts]:
    """Open what every process needs, and close it again.

    `limited` calls of the embedding endpoint count against the shared limit; a question from the API does not wait
    in line behind the workers' batches, and nothing of a request waits for Postgres without end.

    Raises:
        NotSetError: an address is missing, or the key ring file that the key store needs.
        StepFailure: `database_unavailable`, `log_unavailable`, `key_ring_unusable`.

    """
    address = database_url(settings)
    bootstrap = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    required(settings.openai_base_url, "OPENAI_BASE_URL")
    blobs = blob_store(settings.blobs)
    async with AsyncExitStack() as stack:
        async with database():
            pool: Any = await stack.enter_async_context(
                asyncpg.create_pool(
                    address,
                    min_size=2,
                    max_size=settings.database_pool_size,
                    server_settings={"application_name": client_id, "jit": "off"},
                    # Nothing here changes a session: asking the server to undo that is a round trip for each query.
                    reset=_nothing_to_reset,
                    timeout=CONNECT_S,
                    command_timeout=None if limited else settings.database_wait_s,
                )
            )
        POOL_SIZE.labels("open").set_function(pool.get_size)
        POOL_SIZE.labels("idle").set_function(pool.get_idle_size)
        if not limited:
            pool = BoundedPool(pool, settings.database_wait_s)
        ring = await key_ring(settings, pool)
        publisher = await stack.enter_async_context(KafkaPublisher(bootstrap, client_id=client_id))
        codec = LogCodec(ring)
        operations = await stack.enter_async_context(OperationsTail(bootstrap))
        breakers = await stack.enter_async_context(Breakers(operations, publisher, codec))
        embedder = guarded_embedder(settings, pool, breakers, stack, limited=limited, on_erasure=ring.tell)
        make = ModelEmbedders(settings, pool, breakers, stack, limited=limited, on_erasure=ring.tell)
        models = FoldedModels(first_model(settings, embedder), lambda: operations.state.models, make)
        claims = Claims(pool, GuardedBlobs(blobs, breakers.get(BLOBS)))
        writes = writer(settings, pool, breakers, stack)
        yield Parts(
            settings, pool, ring, codec, publisher, claims, embedder, operations, breakers, models, make, writes
        )


def api_settings(settings: Settings) -> ApiSettings:
    """The limits of the API."""
    return ApiSettings(
        max_upload_bytes=settings.max_document_bytes,
        max_request_bytes=request_bytes(settings.max_document_bytes),
        wait_default_s=settings.read_wait_s,
        idempotency_required=settings.idempotency_required,
        registry_needs_key=settings.registry_needs_key,
        streams_per_key=settings.streams_per_key,
        streams_max=settings.streams_max,
        embedding_requests_per_minute=settings.embedding_requests_per_minute,
        embedding_batch=settings.embedding_batch,
        live_per_key=settings.live_per_key,
        live_max=settings.live_max,
        live_messages_per_second=settings.live_messages_per_second,
        live_prefetch=settings.live_prefetch,
        writer=offered(settings),
        console_url=settings.console_url or "",
    )


@asynccontextmanager
async def api_dependencies(found: Parts, waits: probes.Waits) -> AsyncIterator[Dependencies]:
    """Everything the API stands on; `waits` tells what records wait for in steps that it runs itself."""
    settings = found.settings
    async with (
        Waiting(found.pool, database_url(settings)) as waiting,
        httpx2.AsyncClient(timeout=3.0, trust_env=False) as client,
        accepting(settings, found.pool, found.publisher, found.claims, found.operations) as accepts,
        Hub(PostgresFeed(found.pool), api_settings(settings)) as streams,
        trail(settings, found.publisher) as entries,
        TwoLayers(PostgresShared(found.pool)) as cache,
        LiveSessions(api_settings(settings)) as live,
        looking_over(settings, found.pool) as overview,
        draft_streams(settings, api_settings(settings), waiting) as drafts,
        ProjectNews(PostgresProjects(found.pool)) as project_news,
    ):
        waiting.tell(project_news.moved)
        waiting.tell(streams.moved)
        waiting.tell(cache.moved)
        found.key_ring.tell(cache.forget)
        yield Dependencies(
            publisher=accepts.publisher,
            published=accepts.publisher.published,
            codec=found.codec,
            key_ring=found.key_ring,
            claims=found.claims,
            keys=PostgresKeyStore(found.pool),
            reads=PostgresReads(found.pool, waiting, probes.lag(settings, client), accepts.outbox),
            embedder=found.embedder,
            models=PostgresModels(found.pool, first_model(settings, found.embedder), found.make),
            records=KafkaRecords(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")),
            settings=api_settings(settings),
            streams=streams,
            required={"database": probes.database(found.pool), "log": probes.log(found.publisher, accepts.is_on)},
            optional=_shown(found, accepts, entries, client),
            idempotency=accepts.idempotency,
            cache=cache,
            live=live,
            predicting=PostgresPredicting(found.pool),
            questions=PostgresQuestions(found.pool, found.key_ring) if settings.remember_questions else None,
            answerer=answerer(settings, found.pool, found.writer, utc_now),
            evidence=Evidence(Proofs(found.pool), Signer(settings.signing_keys_file)),
            trail=entries,
            audit=PostgresAuditReads(found.pool),
            document_records=DocumentRecords(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")),
            erasures=PostgresErasures(found.pool, Subjects(found.pool, found.key_ring)),
            overview=overview,
            sessions=sessions(settings, found.pool),
            attempts=PostgresAttempts(found.pool),
            oidc=provider(settings, client),
            projects=PostgresProjects(found.pool),
            project_news=project_news,
            scripts=PostgresScripts(found.pool),
            draft_sources=DraftSources(found.pool),
            draft_streams=drafts,
            workers=StepProcesses(
                host_settings(settings), found.operations, probes.step_waits(settings, client, waits)
            ),
        )


def _shown(
    found: Parts, accepts: Accepting, entries: SpooledTrail, client: httpx2.AsyncClient
) -> Mapping[str, probes.Probe]:
    """What health tells beside what has to be there."""
    settings = found.settings
    parts = (("workers", settings.workers_port), ("projections", settings.projections_port))
    return {
        "embeddings": probes.embeddings(settings, client),
        "breakers": probes.breakers(found.breakers),
        "trail": probes.trail(entries),
        "audited_topics": probes.audited_topics(found.pool, utc_now),
        "sealing": probes.sealing(found.pool),
        "outbox": probes.outbox(accepts.outbox, accepts.is_on),
        **{name: probes.process(settings, port, client) for name, port in parts if port},
    }
