"""Somebody who follows a project on an instance of their own, over real read models."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
from support.listening import Event, events_of
from support.project_story import PROJECT

from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.live.watch import Watch
from muniment.api.project_reads.news import ProjectNews
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.projects.following import Following, beginning, place_in
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.feed_mark import from_id
from muniment.projections.waiting import Waiting

TENANT = "acme"


class Reader:
    """Somebody who follows the project on one instance, from an event id if one is given."""

    def __init__(self) -> None:
        self.received = b""
        self.task: asyncio.Task[None] | None = None

    async def write(self, data: bytes) -> None:
        """Take in what is sent."""
        self.received += data

    @property
    def events(self) -> list[Event]:
        """What was told so far."""
        return events_of(self.received.decode())

    @property
    def of_jobs(self) -> list[str]:
        """What was told of jobs, in order: their states, or their end."""
        return [e.name if e.name == "end" else e.data["state"] for e in self.events if e.name in {"job", "end"}]

    @property
    def happened(self) -> list[str]:
        """The facts that were told."""
        return [event.data["event"] for event in self.events if event.name == "happened"]

    @property
    def last_id(self) -> str:
        """Where to go on."""
        return [event.event_id for event in self.events if event.event_id][-1] or ""

    async def until(self, true: Callable[["Reader"], Any]) -> None:
        """Wait until that is so."""
        ends = monotonic() + 90
        while not true(self):
            assert monotonic() < ends, self.received.decode()[-2000:]
            await asyncio.sleep(0.02)


@asynccontextmanager
async def following(pool: asyncpg.Pool, url: str, last_id: str = "") -> AsyncIterator[Reader]:
    """A reader on an instance of its own."""
    reads = PostgresProjects(pool)
    async with (
        Waiting(pool, url) as waiting,
        Hub(PostgresFeed(pool), ApiSettings()) as hub,
        ProjectNews(reads) as news,
    ):
        waiting.tell(hub.moved)
        waiting.tell(news.moved)
        after, mark_id = place_in(last_id) if last_id else (None, None)
        place, members = await beginning(reads, (TENANT, PROJECT), after)
        watch = Watch(TENANT, project_id=PROJECT, members=members)
        jobs = hub.open(watch, "key", from_id(mark_id) if mark_id else None, mark_id)
        reader = Reader()
        whose = (TENANT, PROJECT)
        stream = Following(reads, news, whose, jobs=jobs, members=members, after=place, fresh=after is None)
        reader.task = asyncio.create_task(stream.run(reader.write))
        try:
            yield reader
        finally:
            stream.end()
            await asyncio.wait_for(reader.task, 60)
            hub.release(jobs)
