"""The live stream of a project over real read models: its facts and its documents' jobs, resumed without a gap."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from projected_story import Log, ReadModel, Story
from support.listening import Event, events_of
from support.project_story import PROJECT, told

from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.live.watch import Watch
from muniment.api.project_reads.news import ProjectNews
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.projects.following import Following, place_in
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.feed_mark import from_id
from muniment.projections.waiting import Waiting
from muniment.schemas import project_commands as commands
from muniment.schemas.record import Record
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve
from muniment.stream_apps.projects.state import Asked, State

TENANT = "acme"
MODELS = ("documents", "jobs", "chunks", "projects")


class House:
    """A log, read models, and one project whose commands are decided as they come."""

    def __init__(self, log: Log, read_model: ReadModel) -> None:
        self.log, self.read_model = log, read_model
        self.state = State()
        self.folded = 0

    async def ask(self, cls: type[Any], **said: Any) -> None:
        """Decide a command, and fold what follows."""
        await self.log.ring.create(TENANT, PROJECT)
        command_id = uuid4()
        for event in decide(told(cls, **said), self.state, Asked(command_id)):
            self.state = evolve(self.state, event)
            await self.log.say(event, command_id, TENANT)
        await self.fold()

    async def fold(self) -> None:
        """Fold what is new on the log."""
        fresh: list[Record] = self.log.records[self.folded :]
        self.folded = len(self.log.records)
        for name in MODELS:
            await self.read_model.fold(name, fresh)


@pytest.fixture
def house(log: Log, read_model: ReadModel) -> House:
    """See `House`."""
    return House(log, read_model)


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
        members = await reads.everything_in(TENANT, PROJECT)
        watch = Watch(TENANT, project_id=PROJECT, members=members)
        jobs = hub.open(watch, "key", from_id(mark_id) if mark_id else None, mark_id)
        reader = Reader()
        stream = Following(reads, news, (TENANT, PROJECT), jobs=jobs, members=members, after=after)
        reader.task = asyncio.create_task(stream.run(reader.write))
        try:
            yield reader
        finally:
            stream.end()
            await asyncio.wait_for(reader.task, 60)
            hub.release(jobs)


async def test_a_reader_is_told_everything_of_the_project_and_of_its_documents(
    pool: asyncpg.Pool, database_url: str, house: House
) -> None:
    """How it is, then each fact, and the jobs of its own documents only; it ends with the project."""
    await house.ask(commands.CreateProject)
    ours, theirs = Story(house.log, ("one",)), Story(house.log, ("two",))
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: {e.name for e in r.events} >= {"project", "snapshot"})
        assert reader.events[0].data["title"] == "Tides"
        await house.ask(commands.CreateEpisode, episode_id=uuid4())
        await house.ask(commands.ChangeProjectDocuments, added=(ours.document_id,))
        await reader.until(lambda r: len(r.happened) == 2)
        for story in (theirs, ours):
            await story.tell()
        await house.fold()
        await reader.until(lambda r: any(e.name == "end" for e in r.events))
        jobs = {e.data["job_id"] for e in reader.events if e.name in {"job", "end"}}
        assert jobs == {str(ours.job)}
        await house.ask(commands.DeleteProject, cascade=True)
        assert reader.task is not None
        await asyncio.wait_for(asyncio.shield(reader.task), 60)
    assert reader.happened == ["EpisodeCreated", "ProjectDocumentsChanged", "ProjectDeleted"]


async def test_whoever_comes_back_elsewhere_is_told_what_he_missed(
    pool: asyncpg.Pool, database_url: str, house: House
) -> None:
    """Facts and jobs alike, each once, and nothing that he was told before."""
    story = Story(house.log, ("one",))
    await house.ask(commands.CreateProject)
    await house.ask(commands.ChangeProjectDocuments, added=(story.document_id,))
    await story.submitted(await story.command())
    await house.fold()
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
        assert [place_in(e.event_id or "")[0] for e in reader.events if e.event_id] == [1, 1]
        await house.ask(commands.UpdateProject)
        await reader.until(lambda r: r.happened)
        seen = reader.last_id
    await house.ask(commands.ArchiveProject)
    await story.extracted()
    await story.prepared(0)
    await story.chunked()
    await story.embedded(0)
    await story.indexed()
    await house.fold()
    async with following(pool, database_url, seen) as reader:
        await reader.until(lambda r: r.happened and any(e.name == "end" for e in r.events))
        await house.ask(commands.ArchiveProject, archived=False)
        await reader.until(lambda r: len(r.happened) == 2)
        again = reader.last_id
    assert reader.happened == ["ProjectArchived", "ProjectArchived"]
    assert {e.name for e in reader.events} <= {"happened", "job", "end", "queue"}
    async with following(pool, database_url, again) as reader:
        await house.ask(commands.UpdateProject)
        await reader.until(lambda r: r.happened)
        assert {e.name for e in reader.events} <= {"happened", "queue"}


async def test_a_document_that_comes_in_brings_what_is_known_of_its_job(
    pool: asyncpg.Pool, database_url: str, house: House
) -> None:
    """It was submitted, and done, before it was the project's."""
    await house.ask(commands.CreateProject)
    story = Story(house.log, ("one",))
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
        await story.tell()
        await house.fold()
        await house.ask(commands.ChangeProjectDocuments, added=(story.document_id,))
        await reader.until(lambda r: any(e.name == "end" for e in r.events))
        assert {UUID(e.data["job_id"]) for e in reader.events if e.name == "end"} == {story.job}


@pytest.mark.parametrize("text", ["", "a", "1~ ", "-2", "1~a~b", "9" * 30])
def test_what_is_no_event_id_is_said_to_be_none(text: str) -> None:
    """Nobody is told half of something because his id was read as another."""
    with pytest.raises(ValueError, match="not an event id"):
        place_in(text)
