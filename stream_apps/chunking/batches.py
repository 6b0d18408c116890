"""Chunks to batches, the unit of work after chunking: one Kafka record and one embedding call each."""

from collections.abc import Iterable, Iterator

from muniment.stream_apps.chunking.chunk import Chunk

CHUNKS_MAX = 64
BYTES_MAX = 512 * 1024


def batches(
    chunks: Iterable[Chunk], *, max_chunks: int = CHUNKS_MAX, max_bytes: int = BYTES_MAX
) -> Iterator[tuple[Chunk, ...]]:
    """Group chunks in order, at most `max_chunks` and `max_bytes` (UTF-8 of text and heading) a batch; streams.

    A chunk that is too large by itself is a batch by itself.
    """
    batch: list[Chunk] = []
    size = 0
    for chunk in chunks:
        more = len(chunk.text.encode()) + len((chunk.heading or "").encode())
        if batch and (len(batch) >= max_chunks or size + more > max_bytes):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(chunk)
        size += more
    if batch:
        yield tuple(batch)
