"""The floor: the same work in one program, with no log, no claim checks, no jobs, nothing that survives a crash.

Documents go through the same check, extraction, scrubbing and chunking in as many child processes, the same embedder
asks the same endpoint, the same rows go to the same tables. What the stack takes longer is the price of its promises.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg

from muniment.infra.bench import floor_tables
from muniment.infra.bench.endpoint import FixedEndpoint
from muniment.infra.bench.floor_tables import TENANT, VERSION
from muniment.infra.settings import Settings
from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder
from muniment.producers.embedding.vectors import pack_vectors
from muniment.projections.chunks.queries import Page, search
from muniment.projections.chunks.vector_rows import VectorBatch
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.errors import Refused
from muniment.stream_apps.child import Children, ChildRun
from muniment.stream_apps.chunking import work as chunking
from muniment.stream_apps.chunking.batches import batches
from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.hashing import content_hash
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.extracting import work as extracting
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.scrubbing.kinds import ALL

CONCURRENCY = 16
"""Documents on their way at once: as many as the stack works on in each step."""
DOCUMENTS_AT_ONCE = 64
"""Most documents in one transaction."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows:
    """One document, ready to be written."""

    document_id: UUID
    name: str
    texts: tuple[ChunksPrepared, ...]
    vectors: tuple[VectorBatch, ...]


@dataclass(slots=True)
class Taken:
    """What one run took in."""

    documents: int = 0
    chunks: int = 0
    refused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Floor:
    """The program: its pool, its embedder, its children, its scratch folder."""

    pool: Any
    embedder: CoalescingEmbedder
    children: Children
    settings: Settings
    folder: Path
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    async def take(self, files: Sequence[Path]) -> Taken:
        """Take in these files; returns when the last is searchable."""
        taken, started = Taken(), perf_counter()
        ready: asyncio.Queue[Rows | None] = asyncio.Queue()
        left = iter(files)

        async def one_after_another() -> None:
            for file in left:
                try:
                    await ready.put(await self._rows(file))
                except Refused:
                    taken.refused += 1

        writing = asyncio.create_task(self._write(ready, taken))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(CONCURRENCY):
                    group.create_task(one_after_another())
            await ready.put(None)
            await writing
        finally:
            writing.cancel()
        taken.seconds = perf_counter() - started
        return taken

    async def search(self, text: str, k: int) -> Page:
        """A hybrid search: the question's vector from the endpoint, then the projection's own query."""
        embedded = await self.embedder.embed([text], purpose="query")
        return await search(self.pool, TENANT, "hybrid", text, [float(x) for x in embedded.vectors[0]], k)

    async def _rows(self, file: Path) -> Rows:
        document_id = uuid4()
        texts = tuple(_prepared(document_id, *each, self.key) for each in enumerate(await self._chunks(file)))
        vectors = [await self._vectors(batch) for batch in texts]
        return Rows(document_id, file.name, texts, tuple(vectors))

    async def _chunks(self, file: Path) -> list[tuple[Chunk, ...]]:
        limits = Limits(file_bytes_max=self.settings.max_document_bytes)
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            first = extracting.Work(file, folder / "text", folder / "progress", file.name, limits, frozenset(ALL))
            extracted = await self._in_child(extracting.work, first, first.progress)
            policy = policy_of(self.settings)
            second = chunking.Work(first.target, folder / "chunks", first.progress, extracted.characters, policy)
            await self._in_child(chunking.work, second, second.progress)
            return list(batches(chunking.read(second.target)))

    async def _in_child(self, work: Callable[[Any], T], task: Any, progress: Path) -> T:
        run: ChildRun[T] = ChildRun(self.children, work, task, progress=progress)
        async with aclosing(run.progress()) as states:
            async for _ in states:
                continue
        return run.result

    async def _vectors(self, batch: ChunksPrepared) -> VectorBatch:
        assert isinstance(batch.texts, tuple)
        embedded = await self.embedder.embed([chunk.text for chunk in batch.texts], purpose="passage")
        return VectorBatch(
            tenant=TENANT,
            document_id=batch.document_id,
            version=VERSION,
            first_ordinal=batch.places[0].ordinal,
            content_hashes=tuple(place.content_hash for place in batch.places),
            model=self.embedder.model,
            dimensions=self.embedder.dimensions,
            vectors=pack_vectors(embedded.vectors),
        )

    async def _write(self, ready: "asyncio.Queue[Rows | None]", taken: Taken) -> None:
        ended = False
        async with self.pool.acquire() as connection:
            while not ended:
                found = [await ready.get()]
                while not ready.empty() and len(found) < DOCUMENTS_AT_ONCE:
                    found.append(ready.get_nowait())
                ended = None in found
                await self._write_some(connection, [rows for rows in found if rows], taken)

    async def _write_some(self, connection: Any, found: list[Rows], taken: Taken) -> None:
        texts = [batch for rows in found for batch in rows.texts]
        vectors = [batch for rows in found for batch in rows.vectors]
        names = {rows.document_id: rows.name for rows in found}
        await floor_tables.write(connection, self.settings.embedding_dimensions, names, texts, vectors)
        taken.documents += len(found)
        taken.chunks += sum(len(batch.places) for batch in texts)


@asynccontextmanager
async def opened(settings: Settings, address: str, endpoint: FixedEndpoint, folder: Path) -> AsyncIterator[Floor]:
    """The floor on the database at `address`; nothing that it commits waits for a disk."""
    client = OpenAIEmbedder(
        Endpoint(
            base_url=endpoint.base_url,
            model=endpoint.model,
            dimensions=settings.embedding_dimensions,
            query_prefix=settings.embedding_query_prefix,
            passage_prefix=settings.embedding_passage_prefix,
        )
    )
    embedder = CoalescingEmbedder(client, batch=settings.embedding_batch, concurrency=settings.embedding_concurrency)
    options = {"application_name": "muniment-floor", "jit": "off", "synchronous_commit": "off"}
    try:
        async with asyncpg.create_pool(address, min_size=2, max_size=4, server_settings=options) as pool:
            yield Floor(pool, embedder, Children(settings.children), settings, folder)
    finally:
        await embedder.close()
        await client.close()


def policy_of(settings: Settings) -> ChunkPolicy:
    """How the stack cuts, from the same settings."""
    return ChunkPolicy(
        max_tokens=settings.chunk_tokens_max,
        overlap_tokens=settings.chunk_overlap_tokens,
        small_tokens=min(96, settings.chunk_tokens_max),
        tokenizer=str(settings.tokenizer_file),
    )


def _prepared(document_id: UUID, number: int, batch: tuple[Chunk, ...], key: bytes) -> ChunksPrepared:
    return ChunksPrepared(
        document_id=document_id,
        version=VERSION,
        job_id=document_id,
        batch=number,
        places=tuple(ChunkPlace(c.ordinal, c.start, c.end, c.page, c.tokens, content_hash(c.text, key)) for c in batch),
        texts=tuple(ChunkText(c.text, c.heading) for c in batch),
    )
