"""Every step that a worker runs, with all that it needs."""

from decimal import Decimal
from functools import partial
from pathlib import Path

from muniment.api.models.port import PostgresModels
from muniment.infra.bootstrap import Parts
from muniment.infra.erasing import erasing
from muniment.infra.fetching import fetching
from muniment.infra.not_set import NotSetError, required
from muniment.infra.outside import allowance, first_model
from muniment.infra.settings import Settings
from muniment.infra.writing import generating
from muniment.producers.budget import PostgresBudget
from muniment.producers.clock import utc_now
from muniment.producers.own_folder import OwnFolder
from muniment.producers.record_at import KafkaRecords
from muniment.projections.chunks.known_vectors import KnownVectors
from muniment.projections.chunks.live_model import gaps
from muniment.stream_apps.child import Children
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.embedding.step import Embedding
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import FORMATS
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.indexing.step import Indexing
from muniment.stream_apps.indexing.store import IndexingStore
from muniment.stream_apps.operating.letters import ReadModelLetters
from muniment.stream_apps.operating.model_store import ModelDecisions
from muniment.stream_apps.operating.step import Operating
from muniment.stream_apps.operating.store import OperatingStore
from muniment.stream_apps.projects.step import Projecting
from muniment.stream_apps.projects.store import ProjectStore
from muniment.stream_apps.purging.step import Purging
from muniment.stream_apps.scrubbing.kinds import ALL
from muniment.stream_apps.step import Step


def work_folder(settings: Settings) -> OwnFolder:
    """Where the steps of this process put documents that they are at work on; gone when the process is."""
    return OwnFolder(settings.home.resolve() / "work")


def chunk_policy(settings: Settings) -> ChunkPolicy:
    """How large chunks are; `NotSetError` for sizes that do not go together."""
    try:
        return ChunkPolicy(
            max_tokens=settings.chunk_tokens_max,
            overlap_tokens=settings.chunk_overlap_tokens,
            small_tokens=min(96, settings.chunk_tokens_max),
            tokenizer=str(settings.tokenizer_file),
        )
    except ValueError as error:
        raise NotSetError(f"MUNIMENT_CHUNK_TOKENS_MAX and MUNIMENT_CHUNK_OVERLAP_TOKENS: {error}") from None


def steps(found: Parts, children: Children, folder: Path) -> tuple[Step, ...]:
    """Every step, ready for a host. Adding one is one entry here and one in `schemas.topics.STEP_NAMES`.

    `folder` is where they put what they are at work on.
    """
    settings = found.settings
    deciding, indexing = DecidingStore(found.pool), IndexingStore(found.pool)
    limits = Limits(
        file_bytes_max=settings.max_document_bytes,
        media_types=frozenset(name for name in FORMATS if name in settings.allowed_types),
    )
    kinds = frozenset(kind for kind in ALL if kind.value not in settings.pii_off)
    policy = chunk_policy(settings)
    records = KafkaRecords(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"))
    return (
        Deciding(deciding, found.codec, utc_now),
        fetching(settings, found.claims, found.breakers),
        Extracting(
            found.claims,
            children,
            deciding,
            folder=folder,
            limits=limits,
            kinds=kinds,
            timeout_s=settings.extracting_timeout_s,
        ),
        Chunking(
            found.claims.blobs,
            found.key_ring,
            children,
            deciding,
            folder=folder,
            policy=policy,
            timeout_s=settings.chunking_timeout_s,
            live=found.models.live,
        ),
        _embedding(found),
        Indexing(indexing, deciding, found.codec, utc_now, settings.embedding_model, live=found.models.live),
        Purging(found.claims, deciding, indexing),
        Operating(
            OperatingStore(found.pool),
            ReadModelLetters(found.pool),
            records,
            found.operations,
            found.codec,
            now=utc_now,
            models=ModelDecisions(found.pool, partial(gaps, found.pool), found.models.first, utc_now),
        ),
        erasing(settings, found.pool),
        Projecting(ProjectStore(found.pool), found.codec, utc_now),
        generating(
            settings,
            found.pool,
            found.codec,
            found.publisher,
            records,
            writes=found.writer,
            models=PostgresModels(found.pool, first_model(settings, found.embedder), found.make),
            now=utc_now,
        ),
    )


def _embedding(found: Parts) -> Embedding:
    settings = found.settings
    return Embedding(
        found.embedder,
        KnownVectors(found.pool),
        PostgresBudget(found.pool, allowance(settings)),
        utc_now,
        price_per_million_tokens=Decimal(str(settings.embedding_price_per_million_tokens)),
        timeout_s=settings.embedding_timeout_s,
        models=found.models,
    )
