"""Vectors of several models side by side, and which of them search reads.

Where a vector belongs follows from its model's name alone, so that it does not matter which topic is read first: those
of the settings' model lie in `chunk_vectors`, those of each model that a migration brought in in a partition of
`model_vectors`. What was dropped stays dropped, as no name is used twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from muniment.producers.operations.models import model_of
from muniment.projections.chunks.vector_rows import COLUMNS, VectorBatch, copy_stream
from muniment.projections.projection import Connection
from muniment.projections.rows import storable
from muniment.projections.sql import statements, within
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import (
    ChunksReembedded,
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
    added,
    dimensions_of,
)
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.event import Event

SAID: tuple[type[Event], ...] = (
    MigrationStarted,
    MigrationPaused,
    MigrationResumed,
    EmbeddingsSwitched,
    EmbeddingsDropped,
)
"""What is folded here of `muniment.operations`."""
Embedded = ChunksEmbedded | ChunksReembedded
Place = tuple[str, str, UUID, int, int]
"""Model, tenant, document, version and number of a batch."""
_SQL = statements("muniment.projections.chunks", "models_store.sql")


def partition(model: str) -> str:
    """The name of the partition of a model that a migration brought in."""
    return f"model_vectors_{sha256(model.encode()).hexdigest()[:12]}"


async def fold(connection: Connection, schema: str, envelopes: Sequence[Envelope]) -> None:
    """Fold what was said about models, in its order."""
    for envelope in envelopes:
        event, meta = envelope.event, envelope.meta
        who = storable(meta.actor), meta.time
        match event:
            case MigrationStarted():
                one = model_of(event)
                await _ensure(connection, schema, [one.name])
                await connection.execute(
                    within(_SQL["started"], schema),
                    one.name,
                    storable(one.served_as),
                    one.dimensions,
                    storable(one.base_url),
                    storable(one.query_prefix),
                    storable(one.passage_prefix),
                    one.ask_dimensions,
                    one.price_per_million_tokens,
                    storable(event.reason),
                    *who,
                )
            case MigrationPaused() | MigrationResumed():
                state = "paused" if isinstance(event, MigrationPaused) else "kept"
                await connection.execute(
                    within(_SQL["turned"], schema), event.model, state, storable(event.reason), *who
                )
            case EmbeddingsSwitched():
                offset = envelope.record.offset or 0
                await connection.execute(
                    within(_SQL["switched"], schema), event.model, event.previous, storable(event.reason), *who, offset
                )
            case EmbeddingsDropped():
                await _drop(connection, schema, event.model)
                await connection.execute(within(_SQL["dropped"], schema), event.model, storable(event.reason), *who)


async def admit(connection: Connection, schema: str, found: Mapping[Place, Embedded]) -> list[tuple[Place, Embedded]]:
    """Those of these batches that have no vectors of their model yet, unless it was dropped; they have from now on."""
    if not found:
        return []
    await _ensure(connection, schema, {place[0] for place in found if added(place[0])})
    await connection.execute(within(_SQL["share"], schema))
    told = [(*place, len(e.content_hashes), e.tokens, e.cost_micros, e.embedded) for place, e in sorted_by_place(found)]
    rows = await connection.fetch(within(_SQL["admit"], schema), *[list(column) for column in zip(*told, strict=True)])
    new = {(r["model"], r["tenant"], r["document_id"], r["version"], r["batch"]) for r in rows}
    return [(place, event) for place, event in sorted_by_place(found) if place in new]


def sorted_by_place(found: Mapping[Place, Embedded]) -> Iterable[tuple[Place, Embedded]]:
    """In one order everywhere, so that two runners in a rebalance wait for each other and do not deadlock."""
    return sorted(found.items(), key=lambda item: (*item[0][1:], item[0][0]))


async def add_vectors(connection: Connection, schema: str, batches: Iterable[VectorBatch], dimensions: int) -> None:
    """COPY vectors to where they belong; `dimensions` is the length for the settings' model."""
    by_model = defaultdict[str, list[VectorBatch]](list)
    for batch in batches:
        by_model[batch.model if added(batch.model) else ""].append(batch)
    for model, mine in sorted(by_model.items()):
        table = partition(model) if model else "chunk_vectors"
        stream = BytesIO(copy_stream(mine, dimensions_of(model) if model else dimensions))
        await connection.copy_to_table(table, schema_name=schema, columns=COLUMNS, source=stream, format="binary")


async def _ensure(connection: Connection, schema: str, models: Iterable[str]) -> None:
    """Make the partitions that are missing, of models that were not dropped."""
    names = sorted(models)
    for model in await connection.fetch(within(_SQL["missing"], schema), names, [partition(m) for m in names]):
        name, length = model["model"], dimensions_of(model["model"])
        await connection.execute(within(_SQL["hold"], schema))
        # A table of its own that is attached: making it as a partition would keep everybody out of the parent.
        await connection.execute(
            within(_SQL["make"], schema, table=partition(name), model=name.replace("'", "''"), dimensions=str(length))
        )


async def _drop(connection: Connection, schema: str, model: str) -> None:
    await connection.execute(within(_SQL["hold"], schema))
    if added(model):
        await connection.execute(within(_SQL["drop_table"], schema, table=partition(model)))
    else:
        await connection.execute(within(_SQL["drop_first"], schema), model)
    await connection.execute(within(_SQL["drop_past"], schema), model)
    await connection.execute(within(_SQL["drop_batches"], schema), model)


def of_model(statement: str, model: str | None) -> str:
    """A statement that compares vectors, with the table and the type of a model's; `None` is the settings' model."""
    if model is None or not added(model):
        names = {"vectors": "chunk_vectors", "embedding": "v.embedding", "halfvec": "halfvec"}
    else:
        # The index is on this very expression.
        halfvec = f"halfvec({dimensions_of(model)})"
        names = {"vectors": "model_vectors", "embedding": f"(v.embedding::{halfvec})", "halfvec": halfvec}
    for name, value in names.items():
        statement = statement.replace("{" + name + "}", value)
    return statement
