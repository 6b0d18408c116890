"""Batches of chunks: the unit of work after chunking is a batch, not a chunk."""

from dataclasses import dataclass
from uuid import UUID

from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import CHUNKS


@dataclass(frozen=True)
class ChunkPlace:
    """Where a chunk lies in its document; offsets are characters of the original extracted text."""

    ordinal: int
    start: int
    end: int
    page: int | None
    tokens: int
    content_hash: bytes


@dataclass(frozen=True)
class ChunkText:
    """What a chunk says (scrubbed), and the heading it stands under."""

    text: str
    heading: str | None


@event(topic=CHUNKS)
class ChunksPrepared(DocumentEvent):
    """A batch of a document version's chunks is ready to be embedded."""

    version: int
    job_id: UUID
    batch: int
    places: tuple[ChunkPlace, ...]
    texts: Personal[tuple[ChunkText, ...]]
