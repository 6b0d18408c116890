"""Two thousand open streams: what one costs the API in memory, and how long news takes from the log to a reader.

Twice: every reader follows a document of his own, as people do who wait for what they have uploaded; then all follow
everything, so that each change goes to two thousand.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from muniment.infra.bench import memory
from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.ours import Ours, StuckError

CLIENTS = 2000
OPENED_AT_ONCE = 100
OWN_DOCUMENTS, SHARED_DOCUMENTS = 200, 10
CHARACTERS = 600
PAUSE_S = 0.2
SETTLED_S = 2.0
PATIENCE_S = 120.0
SETTINGS = {"MUNIMENT_STREAMS_PER_KEY": str(2 * CLIENTS)}
_JOB = re.compile(rb'"job_id":"([0-9a-f-]{36})"')


@dataclass(slots=True)
class Reader:
    """One open stream, read as it comes: when which job was first heard of, and whether its end was."""

    first: dict[bytes, float] = field(default_factory=dict)
    ended: set[bytes] = field(default_factory=set)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read until the stream is closed."""
        left = b""
        while data := await reader.read(65536):
            now = time()
            *blocks, left = (left + data).split(b"\n\n")
            for block in blocks:
                self._take(block, now)

    def _take(self, block: bytes, now: float) -> None:
        if b"event: snapshot" in block:
            self.begun.set()
        elif b"event: job" in block or b"event: end" in block:
            found = _JOB.search(block)
            if found:
                self.first.setdefault(found[1], now)
                if b"event: end" in block:
                    self.ended.add(found[1])


async def measured(stack: Ours, home: Path, files: Sequence[Path], folder: Path) -> list[Figure]:
    """Memory of a stream, and both delays."""
    small = _small(files, folder)
    before = memory.resident(home)["api"]
    documents = [uuid4() for _ in range(CLIENTS)]
    async with _open(stack, [f"?document_id={document_id}" for document_id in documents]) as readers:
        await asyncio.sleep(SETTLED_S)
        each_kib = (memory.resident(home)["api"] - before) * 1024 / CLIENTS
        own = await _delays(stack, readers, dict(zip(documents, small, strict=False)), heard_by=1)
    async with _open(stack, [""] * CLIENTS) as readers:
        shared = await _delays(stack, readers, {uuid4(): file for file in small[OWN_DOCUMENTS:]}, heard_by=CLIENTS)
    note = f"{CLIENTS} streams on one instance, small documents every {PAUSE_S:g} s; command to first event"
    return [
        Figure("memory of an open stream", each_kib, "KiB", note=f"growth of the API over {CLIENTS} streams"),
        Figure("streams of one document each: log to event, p50", percentile(own, 0.5), "ms", note=note),
        Figure("streams of one document each: log to event, p95", percentile(own, 0.95), "ms"),
        Figure("streams of everything: log to event, p50", percentile(shared, 0.5), "ms"),
        Figure("streams of everything: log to event, p95", percentile(shared, 0.95), "ms"),
    ]


def _small(files: Sequence[Path], folder: Path) -> list[Path]:
    made = []
    for number in range(OWN_DOCUMENTS + SHARED_DOCUMENTS):
        made.append(folder / f"streamed-{number}.txt")
        text = files[number % len(files)].read_text("utf-8")[:CHARACTERS]
        made[-1].write_text(f"Streamed note {number}.\n{text}", "utf-8")
    return made


async def _delays(
    stack: Ours, readers: Sequence[Reader], documents: Mapping[UUID, Path], *, heard_by: int
) -> list[float]:
    """Milliseconds from each command to its first event at each reader that hears of it, once all have ended."""
    jobs: list[bytes] = []
    for document_id, file in documents.items():
        done = await stack.api.upload(file, file.name, {"document_id": str(document_id)})
        jobs.append(done["job_id"].encode())
        await asyncio.sleep(PAUSE_S)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while sum(len(reader.ended) for reader in readers) < heard_by * len(jobs):  # noqa: ASYNC110 - many readers
                await asyncio.sleep(0.1)
    except TimeoutError:
        heard = sum(len(reader.ended) for reader in readers)
        raise StuckError(f"{heard} of {heard_by * len(jobs)} ends were told") from None
    rows = await stack.database.fetch("select job_id, created_at from read.jobs where job_id = any($1)", _ids(jobs))
    asked = {str(row["job_id"]).encode(): row["created_at"].timestamp() for row in rows}
    return [(at - asked[job]) * 1000 for reader in readers for job, at in reader.first.items() if job in asked]


def _ids(jobs: Sequence[bytes]) -> list[UUID]:
    return [UUID(job.decode()) for job in jobs]


@asynccontextmanager
async def _open(stack: Ours, queries: Sequence[str]) -> AsyncIterator[list[Reader]]:
    """As many streams as there are queries, each begun."""
    readers = [Reader() for _ in queries]
    turn = asyncio.Semaphore(OPENED_AT_ONCE)
    writers: list[asyncio.StreamWriter] = []
    tasks: list[asyncio.Task[None]] = []

    async def one(reader: Reader, query: str) -> None:
        async with turn:
            address = urlsplit(stack.api.access.url)
            incoming, outgoing = await asyncio.open_connection(address.hostname, address.port)
            writers.append(outgoing)
            outgoing.write(
                f"GET /v1/jobs/events{query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Authorization: Bearer {stack.api.access.key}\r\n\r\n".encode()
            )
            tasks.append(asyncio.create_task(reader.read(incoming)))
            async with asyncio.timeout(PATIENCE_S):
                await reader.begun.wait()

    try:
        await asyncio.gather(*[one(reader, query) for reader, query in zip(readers, queries, strict=True)])
        yield readers
    finally:
        for writer in writers:
            writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)
