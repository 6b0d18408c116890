"""What is said of a batch that was given its vectors, the same of every model."""

from typing import TypedDict
from uuid import UUID

from muniment.producers.embedding.models import Priced
from muniment.schemas.chunks import ChunksPrepared
from muniment.stream_apps.embedding.vectors import Made


class Said(TypedDict):
    """The fields of `ChunksEmbedded`, and of `ChunksReembedded`."""

    document_id: UUID
    version: int
    job_id: UUID
    batch: int
    first_ordinal: int
    content_hashes: tuple[bytes, ...]
    model: str
    dimensions: int
    vectors: bytes
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


def said(event: ChunksPrepared, model: Priced, made: Made) -> Said:
    """What the event says, whichever it is."""
    return Said(
        document_id=event.document_id,
        version=event.version,
        job_id=event.job_id,
        batch=event.batch,
        first_ordinal=event.places[0].ordinal,
        content_hashes=made.content_hashes,
        model=model.name,
        dimensions=model.embedder.dimensions,
        vectors=made.vectors,
        tokens=made.tokens,
        cost_micros=made.cost_micros,
        embedded=made.embedded,
        reused=made.reused,
    )
