"""The stack, from outside: documents go in over HTTP, as anybody's would; the read model says when they are there."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any
from uuid import UUID

import asyncpg

from muniment.infra.cli.client import Client, find_access
from muniment.schemas.metadata import NORMAL

CONCURRENCY = 16
LOOK_EVERY_S = 0.05
PATIENCE_S = 1800.0
_CHUNKS = "select coalesce(sum(chunks), 0)::bigint from read.active_versions"
_ENDED = 'select count(*) from read.jobs where "end" is not null'
# A job ends in a read model of its own, which is often ahead: only search says what is searchable.
_ARRIVED = """
select (select count(*) from read.active_versions)
    + (select count(*) from read.jobs where "end" is not null and state <> 'succeeded')"""
_SEEN = "select exists (select from read.active_versions where tenant = $1 and document_id = $2)"


class StuckError(RuntimeError):
    """The stack did not get on with what it was given; the message says how far it came."""


@dataclass(frozen=True)
class Ours:
    """The running stack: its API, and a connection with which to look at the read models."""

    api: Client
    database: Any

    async def submit(self, documents: Mapping[UUID, Path], lane: str = NORMAL) -> None:
        """Submit files under these ids, 16 at once; returns when the last was accepted."""
        left = iter(documents.items())

        async def one_after_another() -> None:
            for document_id, file in left:
                await self.api.upload(file, file.name, {"document_id": str(document_id), "lane": lane})

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(one_after_another())

    async def take(self, documents: Mapping[UUID, Path]) -> float:
        """Submit new documents; seconds until the last is searchable, but for those that are refused or fail."""
        arrived, started = await self.database.fetchval(_ARRIVED), perf_counter()
        submitting = asyncio.create_task(self.submit(documents))
        try:
            await self._until(_ARRIVED, arrived + len(documents), started)
            seconds = perf_counter() - started
            await submitting
        finally:
            submitting.cancel()
        return seconds

    async def again(self, documents: Mapping[UUID, Path]) -> float:
        """Submit what is there already; seconds until the last of their jobs has ended."""
        ended, started = await self.database.fetchval(_ENDED), perf_counter()
        await self.submit(documents)
        await self._until(_ENDED, ended + len(documents), started)
        return perf_counter() - started

    async def _until(self, count: str, wanted: int, started: float) -> None:
        deadline = monotonic() + PATIENCE_S
        while (found := await self.database.fetchval(count)) < wanted:
            if monotonic() > deadline:
                raise StuckError(f"{found} of {wanted} after {perf_counter() - started:.0f} s: {count}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def chunks(self) -> int:
        """Chunks that search sees."""
        return int(await self.database.fetchval(_CHUNKS))

    async def first_seen_ms(
        self, tenant: str, document_id: UUID, file: Path, look_every_s: float, lane: str = NORMAL
    ) -> float:
        """Milliseconds from the beginning of the upload until search sees the document. Raises `TimeoutError`."""
        started = perf_counter()
        async with asyncio.timeout(PATIENCE_S):
            await self.api.upload(file, file.name, {"document_id": str(document_id), "lane": lane})
            while not await self.database.fetchval(_SEEN, tenant, document_id):  # noqa: ASYNC110 - in another process
                await asyncio.sleep(look_every_s)
        return (perf_counter() - started) * 1000


@asynccontextmanager
async def opened(home: Path, database_url: str) -> AsyncIterator[Ours]:
    """The stack that runs in `home`."""
    database = await asyncpg.connect(database_url)
    try:
        async with Client(find_access({}, home)) as api:
            yield Ours(api, database)
    finally:
        await database.close()
