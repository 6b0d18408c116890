"""Rows of `chunk_vectors` in Postgres' binary COPY format, packed here.

So float16 goes from the log to the table by one byte swap a batch, without a Python object a number.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

COLUMNS = ("tenant", "document_id", "version", "ordinal", "content_hash", "model", "embedding")
HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_FLOAT16_BYTES = 2


@dataclass(frozen=True, slots=True)
class VectorBatch:
    """A batch's vectors; `vectors` is little-endian float16 as on the log, `None` when it can no longer be read."""

    tenant: str
    document_id: UUID
    version: int
    first_ordinal: int
    content_hashes: tuple[bytes, ...]
    model: str
    dimensions: int
    vectors: bytes | None


def copy_stream(batches: Iterable[VectorBatch], dimensions: int) -> bytes:
    """The COPY stream of these batches.

    A vector of another length than `dimensions` becomes NULL: its chunk is found by its text only.

    Raises:
        ValueError: when a batch has another number of vectors than of hashes.

    """
    return HEADER + b"".join(row for batch in batches for row in _rows(batch, dimensions)) + TRAILER


def _rows(batch: VectorBatch, dimensions: int) -> Iterator[bytes]:
    tenant, model = batch.tenant.encode(), batch.model.encode()
    front = struct.pack(">h", len(COLUMNS)) + _field(tenant) + _field(batch.document_id.bytes)
    front += _field(struct.pack(">q", batch.version))
    embeddings = _embeddings(batch, dimensions)
    for index, (content_hash, embedding) in enumerate(zip(batch.content_hashes, embeddings, strict=True)):
        ordinal = _field(struct.pack(">i", batch.first_ordinal + index))
        yield front + ordinal + _field(content_hash) + _field(model) + embedding


def _embeddings(batch: VectorBatch, dimensions: int) -> list[bytes]:
    count = len(batch.content_hashes)
    if batch.vectors is None:
        return [_NULL] * count
    if len(batch.vectors) != count * batch.dimensions * _FLOAT16_BYTES:
        raise ValueError("a batch has another number of vectors than of hashes")
    if batch.dimensions != dimensions:
        return [_NULL] * count
    swapped = np.frombuffer(batch.vectors, "<f2").astype(">f2").tobytes()
    size = dimensions * _FLOAT16_BYTES
    head = struct.pack(">iHH", 4 + size, dimensions, 0)
    return [head + swapped[i * size : (i + 1) * size] for i in range(count)]


def _field(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value
