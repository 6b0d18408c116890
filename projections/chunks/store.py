"""Texts, vectors and the guard against repeats, in and out of their tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from uuid import UUID

from muniment.projections.chunks.seen import Seen
from muniment.projections.chunks.vector_rows import COLUMNS, VectorBatch, copy_stream
from muniment.projections.chunks.words import latin, paired
from muniment.projections.projection import Connection
from muniment.projections.rows import storable
from muniment.projections.sql import statements, within
from muniment.projections.upsert import upsert
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import added, dimensions_of
from muniment.schemas.personal import REDACTED, Redaction

Key = tuple[str, UUID]
Version = tuple[str, UUID, int]
Place = tuple[str, UUID, int, str, int]
"""Tenant, document, version, kind ('t' or 'v') and number of a batch. One of kind 'c': the version is cancelled."""

_SQL = statements("muniment.projections.chunks", "store.sql")
_TABLES = ("chunk_texts", "chunk_vectors", "model_vectors", "vector_batches", "batches", "indexed")
_VECTORS = "tenant, document_id, version, ordinal, content_hash, model, embedding"
_TEXTS = (
    'tenant, document_id, version, ordinal, batch, "text", heading, page, start_char, end_char, tokens,'
    " content_hash, tsv"
)
_BURIED = (
    ("chunk_texts", "past_texts", _TEXTS),
    ("chunk_vectors", "past_vectors", _VECTORS),
    ("model_vectors", "past_vectors", _VECTORS),
)
_GUARDS = ("vector_batches", "batches")


@dataclass(frozen=True)
class Head:
    """Which version search sees (0: none), how many chunks that has, up to which version was deleted, and erased.

    `ordered_at` is the latest time of its own facts: none counts as earlier than the one before it.
    """

    tenant: str
    document_id: UUID
    version: int = 0
    deleted_up_to: int = 0
    chunks: int = 0
    erased_up_to: int = 0
    ordered_at: datetime | None = None

    def wants(self, version: int) -> bool:
        """Whether records of a version can still come to be seen; those of the active one are repeats."""
        return version >= self.version and version > self.deleted_up_to

    def deleted(self, up_to: int) -> "Head":
        """After a deletion up to this version."""
        up_to = max(up_to, self.deleted_up_to)
        gone = self.version <= up_to
        active, chunks = (0, 0) if gone else (self.version, self.chunks)
        return replace(self, deleted_up_to=up_to, version=active, chunks=chunks)

    def erased(self, up_to: int) -> "Head":
        """After everything up to this version was erased."""
        return replace(self.deleted(up_to), erased_up_to=max(up_to, self.erased_up_to))

    def flipped(self, version: int, chunks: int) -> "Head":
        """After a version became whole: the highest one wins."""
        if version <= max(self.version, self.deleted_up_to):
            return self
        return replace(self, version=version, chunks=chunks)


async def load_heads(connection: Connection, schema: str, keys: Iterable[Key]) -> dict[Key, Head]:
    """Lock the heads of these documents, making blank ones."""
    wanted = sorted(set(keys))
    given = [t for t, _ in wanted], [d for _, d in wanted]
    rows = await connection.fetch(within(_SQL["lock_heads"], schema), *given)
    if len(rows) < len(wanted):
        await connection.execute(within(_SQL["add_heads"], schema), *given)
        rows = await connection.fetch(within(_SQL["lock_heads"], schema), *given)
    return {(row["tenant"], row["document_id"]): Head(**dict(row)) for row in rows}


async def admit(connection: Connection, schema: str, places: Sequence[Place]) -> set[Place]:
    """Those of these batches that were not inserted before; they count as inserted from now on."""
    if not places:
        return set()
    rows = await connection.fetch(within(_SQL["guard"], schema), *[list(c) for c in zip(*sorted(places), strict=True)])
    return {(r["tenant"], r["document_id"], r["version"], r["kind"], r["batch"]) for r in rows}


async def cancel(connection: Connection, schema: str, versions: Sequence[Version]) -> None:
    """Cancel those of these versions that are not whole on the log: what is there of them goes."""
    if versions:
        columns = [list(c) for c in zip(*versions, strict=True)]
        rows = await connection.fetch(within(_SQL["not_indexed"], schema), *columns)
        columns = [list(c) for c in zip(*(tuple(row) for row in rows), strict=True)]
        if columns:
            for table in _TABLES:
                await connection.execute(within(_SQL["drop"], schema, table=table), *columns)
            await connection.execute(within(_SQL["cancel"], schema), *columns)


async def cancelled(connection: Connection, schema: str, versions: Sequence[Version]) -> set[Version]:
    """Those of these versions that are cancelled."""
    if not versions:
        return set()
    rows = await connection.fetch(within(_SQL["cancelled"], schema), *[list(c) for c in zip(*versions, strict=True)])
    return {(r["tenant"], r["document_id"], r["version"]) for r in rows}


async def add_texts(
    connection: Connection, schema: str, tenant: str, event: ChunksPrepared, table: str = "chunk_texts"
) -> None:
    """Insert the texts of a batch. Postgres makes the words, so this is an INSERT, not a COPY."""
    said = _texts(event)
    columns: list[list[object]] = [
        [p.ordinal for p in event.places],
        [text for text, _ in said],
        [heading for _, heading in said],
        [p.page for p in event.places],
        [p.start for p in event.places],
        [p.end for p in event.places],
        [p.tokens for p in event.places],
        [p.content_hash for p in event.places],
        *_words(event, said),
    ]
    place = tenant, event.document_id, event.version, event.batch
    await connection.execute(within(_SQL["texts"], schema, table=table), *place, *columns)


def _texts(event: ChunksPrepared) -> list[tuple[str, str | None]]:
    if isinstance(event.texts, Redaction):
        return [(REDACTED.value, None)] * len(event.places)
    if len(event.texts) != len(event.places):
        raise ValueError("a batch has another number of texts than of places")
    return [(storable(t.text), storable(t.heading) if t.heading else None) for t in event.texts]


def _words(event: ChunksPrepared, said: Sequence[tuple[str, str | None]]) -> list[list[object]]:
    # The redaction mark is shown, never searched for.
    known = [("", None)] * len(said) if isinstance(event.texts, Redaction) else said
    return [
        [latin(heading or "") for _, heading in known],
        [paired(heading or "") for _, heading in known],
        [latin(text) for text, _ in known],
        [paired(text) for text, _ in known],
    ]


async def add_past_vectors(
    connection: Connection, schema: str, batches: Iterable[VectorBatch], dimensions: int
) -> None:
    """COPY the vectors of versions that search saw before; `dimensions` is the length for the settings' model."""
    by_length: dict[int, list[VectorBatch]] = {}
    for batch in batches:
        by_length.setdefault(dimensions_of(batch.model) if added(batch.model) else dimensions, []).append(batch)
    for length, mine in sorted(by_length.items()):
        stream = BytesIO(copy_stream(mine, length))
        await connection.copy_to_table(
            "past_vectors", schema_name=schema, columns=COLUMNS, source=stream, format="binary"
        )


async def add_indexed(connection: Connection, schema: str, rows: Sequence[tuple[str, UUID, int, int, int]]) -> None:
    """Note versions that are whole on the log: tenant, document, version, batches, chunks."""
    if rows:
        await connection.execute(within(_SQL["indexed"], schema), *[list(c) for c in zip(*rows, strict=True)])


async def whole(connection: Connection, schema: str, keys: Iterable[Key]) -> list[tuple[Key, int, int]]:
    """Versions of these documents of which every batch is there both ways: key, version, chunks."""
    wanted = sorted(set(keys))
    given = [t for t, _ in wanted], [d for _, d in wanted]
    rows = await connection.fetch(within(_SQL["whole"], schema), *given)
    return [((r["tenant"], r["document_id"]), r["version"], r["chunks"]) for r in rows]


async def load_seen(connection: Connection, schema: str, keys: Iterable[Key]) -> dict[Key, dict[int, Seen]]:
    """What search saw of these documents, by version."""
    wanted = sorted(set(keys))
    found: dict[Key, dict[int, Seen]] = {key: {} for key in wanted}
    if wanted:
        rows = await connection.fetch(within(_SQL["seen"], schema), [t for t, _ in wanted], [d for _, d in wanted])
        for row in rows:
            found[row["tenant"], row["document_id"]][row["version"]] = Seen(**dict(row))
    return found


async def save_seen(connection: Connection, schema: str, rows: Sequence[Seen]) -> None:
    """Write what search sees, and since when not any more."""
    await upsert(connection, f"{schema}.seen", ("tenant", "document_id", "version"), rows)


async def save_head(connection: Connection, schema: str, head: Head, before: Head) -> None:
    """Write a head, and let what of the document can not be seen any more go to the past, or go."""
    key = head.tenant, head.document_id
    now = head.version, head.deleted_up_to
    state = *now, head.chunks, head.erased_up_to, head.ordered_at
    await connection.execute(within(_SQL["save_head"], schema), *key, *state)
    if now == (before.version, before.deleted_up_to) or max(head.version - 1, head.deleted_up_to) < 1:
        # The usual case, a first version: there is nothing below it.
        pass
    else:
        for table, past, columns in _BURIED:
            statement = within(_SQL["bury"], schema, table=table, past=past, columns=columns)
            await connection.execute(statement, *key, *now, head.erased_up_to)
        await connection.execute(within(_SQL["clear_all"], schema, table="indexed"), *key, *now)
    if head.erased_up_to != before.erased_up_to:
        for _, past, _ in _BURIED[:2]:
            await connection.execute(within(_SQL["erase_past"], schema, past=past), *key, head.erased_up_to)
    if (*now, head.erased_up_to) != (before.version, before.deleted_up_to, before.erased_up_to):
        for table in _GUARDS:
            statement = within(_SQL["clear"], schema, table=table)
            await connection.execute(statement, *key, *now, head.erased_up_to)


def key_of(envelope: Envelope) -> Key:
    """The document an event is about."""
    return envelope.meta.tenant, envelope.document_id
