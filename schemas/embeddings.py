"""Vectors are on the log, so that a replay never calls the model again."""

from uuid import UUID

from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import EMBEDDINGS


@event(topic=EMBEDDINGS)
class ChunksEmbedded(DocumentEvent):
    """A batch of chunks has its vectors: little-endian float16, `dimensions` to a chunk, in the batch's order."""

    version: int
    job_id: UUID
    batch: int
    first_ordinal: int
    content_hashes: tuple[bytes, ...]
    model: str
    dimensions: int
    vectors: Personal[bytes]
    tokens: int
    cost_micros: int
    embedded: int
    reused: int
