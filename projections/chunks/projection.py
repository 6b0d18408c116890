"""The search read model.

A version is seen from the moment that `DocumentIndexed` was folded and all its batches are there both ways, whichever
topic comes last; the flip, and the removal of what it replaces, happen in the transaction of that record. A version
that was cancelled before that is never seen: what was stored of it goes at once, and nothing more is.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from muniment.projections.chunks import models, store
from muniment.projections.chunks.seen import SAID, Sight
from muniment.projections.chunks.store import Head, Key, Version, key_of
from muniment.projections.chunks.vector_rows import VectorBatch
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.validity import Moment
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentDeleted, DocumentErased, DocumentIndexed, JobCancelled
from muniment.schemas.embedding_models import ChunksReembedded
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.event import Event
from muniment.schemas.personal import Redaction
from muniment.schemas.topics import CHUNKS, DOCUMENTS, EMBEDDINGS, OPERATIONS

_MODELS: tuple[type[Event], ...] = (ChunksReembedded, *models.SAID)


class Chunks(Projection):
    """Texts, vectors and which of them search sees.

    The column of vectors has one length (`dimensions`), because HNSW needs one. A vector of another length is stored
    as NULL: its chunk is found by its text. Changing the model's length is a new rebuild of this projection.
    """

    name = "chunks"
    version = 2
    topics = (DOCUMENTS, CHUNKS, EMBEDDINGS, OPERATIONS)
    handles = (ChunksPrepared, ChunksEmbedded, DocumentIndexed, DocumentDeleted, DocumentErased, JobCancelled, *_MODELS)
    tables = (
        *("heads", "seen", "indexed", "batches", "chunk_texts", "chunk_vectors", "past_texts", "past_vectors"),
        *("embedding_models", "embedding_live", "vector_batches", "model_vectors"),
    )
    by_document = True
    answered_from = True
    keys: ClassVar = dict.fromkeys(
        ("chunk_texts", "chunk_vectors", "past_texts", "past_vectors", "model_vectors"),
        ("tenant", "document_id", "version", "ordinal"),
    )
    views: ClassVar = {
        "active_versions": "select tenant, document_id, version, chunks from {schema}.heads where version > 0",
        "search_heads": "select tenant, document_id, greatest(version, deleted_up_to) as version from {schema}.heads",
        "seen_versions": "select * from {schema}.seen",
        "past_texts": "select * from {schema}.past_texts",
        "past_vectors": "select * from {schema}.past_vectors",
        "chunk_texts": "select * from {schema}.chunk_texts",
        "chunk_vectors": "select * from {schema}.chunk_vectors",
        "text_batches": "select tenant, document_id, version, batch from {schema}.batches where kind = 't'",
        "embedding_models": "select * from {schema}.embedding_models",
        "embedding_live": "select * from {schema}.embedding_live",
        "vector_batches": "select * from {schema}.vector_batches",
        "model_vectors": "select * from {schema}.model_vectors",
    }

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions

    @cached_property
    def schema_sql(self) -> str:
        """See `Projection.schema_sql`."""
        return (self._file("schema.sql") + self._file("models.sql")).replace("{dimensions}", str(int(self._dimensions)))

    @cached_property
    def index_sql(self) -> str:
        """HNSW and GIN: 100,000 vectors load at 590 rows/s into a live HNSW, at 49,000 without."""
        return self._file("indexes.sql") + self._file("model_indexes.sql")

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        items = [item for item in batch if isinstance(item, Envelope)]
        await models.fold(connection, schema, [item for item in items if isinstance(item.event, models.SAID)])
        envelopes = [item for item in items if not isinstance(item.event, models.SAID)]
        before = await store.load_heads(connection, schema, (key_of(e) for e in envelopes))
        heads = dict(before)
        for envelope in envelopes:
            if isinstance(envelope.event, DocumentDeleted):
                heads[key_of(envelope)] = heads[key_of(envelope)].deleted(envelope.event.version)
            elif isinstance(envelope.event, DocumentErased):
                heads[key_of(envelope)] = heads[key_of(envelope)].erased(envelope.event.version)
        cancelled = await self._cancel(connection, schema, envelopes, heads)
        seen = await self._see(connection, schema, envelopes, before=before, heads=heads, cancelled=cancelled)
        await self._insert(connection, schema, envelopes, heads=heads, cancelled=cancelled, seen=seen)
        for key, version, chunks in await store.whole(connection, schema, heads):
            heads[key] = heads[key].flipped(version, chunks)
        for key, head in sorted(heads.items()):
            if head != before[key]:
                await store.save_head(connection, schema, head, before[key])
        return None

    async def _cancel(
        self, connection: Connection, schema: str, envelopes: Sequence[Envelope], heads: Mapping[Key, Head]
    ) -> set[Version]:
        """Remove the versions that this batch cancels; those of the batch's versions that are cancelled."""
        touched, ends = set[Version](), dict[Version, Envelope]()
        for envelope in envelopes:
            number = getattr(envelope.event, "version", 0)
            head, version = heads[key_of(envelope)], (*key_of(envelope), number)
            if isinstance(envelope.event, DocumentIndexed):
                touched.add(version)
            if number <= max(head.version, head.deleted_up_to):
                # Seen already, outrun by what is, or deleted: its being cancelled takes nothing away.
                continue
            touched.add(version)
            if isinstance(envelope.event, JobCancelled | DocumentIndexed):
                # The log says first what counts.
                ends.setdefault(version, envelope)
        asked = sorted(version for version, first in ends.items() if isinstance(first.event, JobCancelled))
        await store.cancel(connection, schema, asked)
        return await store.cancelled(connection, schema, sorted(touched))

    async def _see(
        self,
        connection: Connection,
        schema: str,
        envelopes: Sequence[Envelope],
        *,
        before: Mapping[Key, Head],
        heads: dict[Key, Head],
        cancelled: AbstractSet[Version],
    ) -> dict[Key, Sight]:
        """Write which versions are seen from now on, and which not any more; what was seen, where that matters."""
        said = [envelope for envelope in envelopes if isinstance(envelope.event, SAID)]
        # Texts and vectors that cannot be live: they may be of a version that was seen.
        behind = {key_of(e) for e in envelopes if not heads[key_of(e)].wants(getattr(e.event, "version", 0))}
        known = await store.load_seen(connection, schema, {*map(key_of, said), *behind})
        sights = {
            key: Sight(*key, rows, before[key].deleted_up_to, {v for *k, v in cancelled if tuple(k) == key})
            for key, rows in known.items()
        }
        for envelope in said:
            key = key_of(envelope)
            moment = Moment.of(envelope.record, envelope.meta.time).not_before(heads[key].ordered_at)
            heads[key] = replace(heads[key], ordered_at=moment.at)
            sights[key] = sights[key].after(envelope.event, moment)
        changed = [row for key, one in sights.items() for n, row in one.seen.items() if known[key].get(n) != row]
        await store.save_seen(connection, schema, changed)
        return sights

    async def _insert(
        self,
        connection: Connection,
        schema: str,
        envelopes: Sequence[Envelope],
        *,
        heads: Mapping[Key, Head],
        cancelled: AbstractSet[Version],
        seen: Mapping[Key, Sight],
    ) -> None:
        batches: dict[store.Place, ChunksPrepared | ChunksEmbedded] = {}
        embedded: dict[models.Place, models.Embedded] = {}
        indexed = []
        for envelope in envelopes:
            tenant, event = envelope.meta.tenant, envelope.event
            # Deletions of the whole batch are known by now, so what they take away is not even inserted.
            number = getattr(event, "version", 0)
            live = heads[key_of(envelope)].wants(number) and (*key_of(envelope), number) not in cancelled
            if not live and not _was_seen(heads[key_of(envelope)], number, seen):
                continue
            if isinstance(event, models.Embedded):
                embedded.setdefault((event.model, tenant, event.document_id, event.version, event.batch), event)
            if isinstance(event, ChunksPrepared):
                batches[tenant, event.document_id, event.version, "t", event.batch] = event
            elif isinstance(event, ChunksEmbedded):
                batches[tenant, event.document_id, event.version, "v", event.batch] = event
            elif isinstance(event, DocumentIndexed) and live:
                indexed.append((tenant, event.document_id, event.version, event.batches, event.chunks))
        new = await store.admit(connection, schema, list(batches))
        for place in sorted(new):
            admitted = batches[place]
            if isinstance(admitted, ChunksPrepared):
                live = heads[place[0], place[1]].wants(place[2])
                table = "chunk_texts" if live else "past_texts"
                await store.add_texts(connection, schema, place[0], admitted, table)
        vectors = [_vectors(tenant, e) for (_, tenant, *_), e in await models.admit(connection, schema, embedded)]
        now = [v for v in vectors if heads[v.tenant, v.document_id].wants(v.version)]
        past = [v for v in vectors if not heads[v.tenant, v.document_id].wants(v.version)]
        await models.add_vectors(connection, schema, now, self._dimensions)
        await store.add_past_vectors(connection, schema, past, self._dimensions)
        await store.add_indexed(connection, schema, indexed)


def _was_seen(head: Head, version: int, seen: Mapping[Key, Sight]) -> bool:
    """Whether records of a version that is not live belong to the past: search saw it, and it was not erased."""
    if head.wants(version) or version <= head.erased_up_to:
        return False
    sight = seen.get((head.tenant, head.document_id))
    return sight is not None and version in sight.seen


def _vectors(tenant: str, event: models.Embedded) -> VectorBatch:
    return VectorBatch(
        tenant=tenant,
        document_id=event.document_id,
        version=event.version,
        first_ordinal=event.first_ordinal,
        content_hashes=event.content_hashes,
        model=event.model,
        dimensions=event.dimensions,
        vectors=None if isinstance(event.vectors, Redaction) else event.vectors,
    )
