"""What chunking does in a child process: sections in, chunks out, a passage in memory at a time."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.split import split
from muniment.stream_apps.progress import ProgressFile
from muniment.stream_apps.scrubbing.section import ScrubbedSection


@dataclass(frozen=True, slots=True)
class Work:
    """One document to chunk: from `source` (a scrubbed section a line) into `target` (a chunk a line)."""

    source: Path
    target: Path
    progress: Path
    characters: int
    policy: ChunkPolicy


@dataclass(frozen=True, slots=True)
class Chunked:
    """How much came out."""

    chunks: int
    tokens: int


def work(task: Work) -> Chunked:
    """Write the document's chunks, one JSON line each."""
    tell = ProgressFile(task.progress)
    chunks = tokens = 0
    with task.source.open("rb") as lines, task.target.open("wb") as out:
        for chunk in split(map(ScrubbedSection.from_json, lines), task.policy):
            out.write(_line(chunk))
            chunks += 1
            tokens += chunk.tokens
            if chunks % 100 == 0:
                tell(min(chunk.end, task.characters), task.characters, "characters")
    return Chunked(chunks, tokens)


def read(path: Path) -> Iterator[Chunk]:
    """The chunks that `work` wrote, one at a time; closes the file when the iteration is given up."""
    with contextlib.closing(path.open("rb")) as lines:
        for line in lines:
            yield Chunk(*orjson.loads(line))


def _line(chunk: Chunk) -> bytes:
    fields = (chunk.ordinal, chunk.text, chunk.start, chunk.end, chunk.page, chunk.heading, chunk.tokens)
    return orjson.dumps(fields) + b"\n"
