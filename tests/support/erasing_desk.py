"""A desk at which drafts are written and edited, in a house in which erasures are carried out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from support.erasing_house import TENANT, House

from muniment.producers.draft_sources import DraftSources
from muniment.projections.batch import decoded
from muniment.projections.fold import fold
from muniment.projections.live import live_schema
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftErased, DraftRequested, DraftRevised, DraftWritten

SECRET = "quagga"
ASKED: dict[str, Any] = {"template": "script", "language": "en", "max_tokens": 9, "temperature": 0.0, "seed": None}
ANSWERED: dict[str, Any] = {
    "attempt": 1,
    "provider": "toy",
    "model": "toy",
    "citations": (),
    "finish_reason": "stop",
    "tokens_in": 1,
    "tokens_out": 1,
    "cost_micros": 0,
    "first_token_ms": 1,
    "written_ms": 1,
}


@dataclass
class Desk:
    """Where drafts are written: the house, with a project, and the fold of its drafts."""

    house: House
    project_id: UUID
    episode_id: UUID

    @property
    def sources(self) -> DraftSources:
        """The notes."""
        return DraftSources(self.house.pool)

    def about(self, draft_id: UUID) -> dict[str, Any]:
        """What every fact of a draft says."""
        return {"project_id": self.project_id, "episode_id": self.episode_id, "draft_id": draft_id, "job_id": draft_id}

    async def say(self, event: Event, actor: str = "") -> Record:
        """Publish a fact, caused by somebody."""
        meta = Metadata(uuid4(), TENANT, uuid4(), uuid4(), self.house.clock(), "test", actor=actor)
        return await self.house.log.send(await self.house.codec.encode(event, meta))

    async def begun(self, *documents: UUID, by: str = "") -> UUID:
        """A draft that was asked for and claims its documents; they must not be on their way out."""
        draft_id = uuid4()
        await self.house.ring.create(TENANT, draft_id)
        await self.say(DraftRequested(**self.about(draft_id), **ASKED, brief=SECRET, document_ids=()), by)
        taken_at = await self.sources.now()
        assert await self.sources.claim(TENANT, draft_id, self.project_id, self.episode_id, documents, taken_at)
        return draft_id

    async def written(self, draft_id: UUID) -> None:
        """Its answer comes."""
        await self.say(DraftWritten(**self.about(draft_id), **ANSWERED, text=f"{SECRET} [1]"))

    async def revised(self, based_on: UUID, by: str = "") -> UUID:
        """A person's edit of it."""
        draft_id = uuid4()
        await self.house.ring.create(TENANT, draft_id)
        assert await self.sources.inherit(TENANT, draft_id, based_on)
        about = self.about(draft_id)
        await self.say(DraftRevised(**about, based_on=based_on, text=f"my {SECRET}", sources=()), by)
        return draft_id

    async def fold(self) -> None:
        """Every read model of drafts folds what is on the log."""
        for name, make in PROJECTIONS.items():
            projection = make(8)
            if DraftErased not in projection.handles:
                continue
            topics = {topic.name for topic in projection.topics}
            entries = await decoded([r for r in self.house.log.sent if r.topic in topics], projection, self.house.codec)
            async with self.house.pool.acquire() as connection:
                schema = await live_schema(connection, name)
                assert schema
                await fold(connection, projection, schema, entries)

    @asynccontextmanager
    async def folding(self) -> AsyncIterator[None]:
        """Read models that go on by themselves."""

        async def on() -> None:
            while True:
                await self.fold()
                await asyncio.sleep(0.05)

        task = asyncio.create_task(on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def readable(self) -> str:
        """Everything of drafts that anybody could read: what the log gives with all keys, and every table."""
        decoded_all = await self.house.codec.decode_many(self.house.log.sent)
        tables = await self.house.pool.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname like '%\\_v_'"
        )
        rows = [str(await self.house.pool.fetch(f"select t::text from {t['name']} t")) for t in tables]
        return str(decoded_all) + "".join(rows)


async def finish(desk: Desk) -> None:
    """Turn until the erasure is over, with read models that go on."""
    async with desk.folding():
        await desk.house.finish()
