"""The live stream of a project over real read models: its facts and its documents' jobs, resumed without a gap."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from projected_story import Log, ReadModel, Story
from support.project_reader import TENANT, Reader, following
from support.project_story import PROJECT, told

from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.projects.following import place_in
from muniment.schemas import project_commands as commands
from muniment.schemas.record import Record
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve
from muniment.stream_apps.projects.state import Asked, State

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


async def rest_of(story: Story) -> None:
    """All that follows after a document was submitted."""
    await story.extracted()
    await story.prepared(0)
    await story.chunked()
    await story.embedded(0)
    await story.indexed()


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
    await rest_of(story)
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


async def quiet(reader: Reader, house: House) -> None:
    """Wait until all is told that is there to tell: facts and jobs come in order, so one more of each is the last."""
    before = len(reader.happened)
    await house.ask(commands.UpdateProject)
    await reader.until(lambda r: len(r.happened) > before)
    # As long as the hub would take for another look.
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("known", ["before", "begun", "meanwhile"])
async def test_the_job_of_a_document_that_came_in_meanwhile_is_told_once(
    pool: asyncpg.Pool, database_url: str, house: House, known: str
) -> None:
    """Whether it had ended before its reader left, had begun, or did both while the reader was away."""
    await house.ask(commands.CreateProject)
    story, other = Story(house.log, ("one",)), Story(house.log, ("two",))
    await house.ask(commands.ChangeProjectDocuments, added=(other.document_id,))
    if known == "before":
        await story.tell()
    elif known == "begun":
        await story.submitted(await story.command())
    await house.fold()
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
        # The mark is of a moment after all that: something of the reader's own was told.
        await other.submitted(await other.command())
        await house.fold()
        await reader.until(lambda r: r.of_jobs)
        seen = reader.last_id
    if known == "meanwhile":
        await story.submitted(await story.command())
        await house.fold()
    await house.ask(commands.ChangeProjectDocuments, added=(story.document_id,))
    if known != "before":
        await rest_of(story)
        await house.fold()
    async with following(pool, database_url, seen) as reader:
        await quiet(reader, house)
        again = reader.last_id
    assert reader.of_jobs == ["end"]
    assert [e.data["document_id"] for e in reader.events if e.name == "end"] == [str(story.document_id)]
    assert reader.happened == ["ProjectDocumentsChanged", "ProjectUpdated"]
    async with following(pool, database_url, again) as reader:
        await quiet(reader, house)
    assert reader.of_jobs == []


async def test_what_is_told_of_a_document_is_not_told_again(
    pool: asyncpg.Pool, database_url: str, house: House
) -> None:
    """It came in while its reader was there, who was told its job as it was; from any id on only the rest is told."""
    await house.ask(commands.CreateProject)
    story = Story(house.log, ("one",))
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
        await story.submitted(await story.command())
        await house.fold()
        await house.ask(commands.ChangeProjectDocuments, added=(story.document_id,))
        await reader.until(lambda r: r.happened)
        assert len(reader.of_jobs) == 1
        before = next(e.event_id for e in reader.events if e.name == "snapshot")
        seen = reader.last_id
        await rest_of(story)
        await house.fold()
        await reader.until(lambda r: "end" in r.of_jobs)
        await quiet(reader, house)
        whole, ended = reader.of_jobs, reader.last_id
    for last_id, rest in ((seen, whole[1:]), (ended, [])):
        async with following(pool, database_url, last_id) as reader:
            await quiet(reader, house)
        assert reader.of_jobs == rest
    async with following(pool, database_url, before or "") as reader:
        await quiet(reader, house)
    # From before it came in: by now it has ended, and that is all there is to know.
    assert reader.of_jobs == ["end"]
    assert reader.happened[0] == "ProjectDocumentsChanged"


async def test_a_document_that_comes_in_as_a_reader_begins_is_followed(
    pool: asyncpg.Pool, database_url: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before it is looked how far the project is."""
    await house.ask(commands.CreateProject)
    story = Story(house.log, ("one",))
    await story.submitted(await story.command())
    await house.fold()
    last = PostgresProjects.last

    async def late(reads: PostgresProjects, tenant: str, project_id: UUID) -> int:
        monkeypatch.undo()
        await house.ask(commands.ChangeProjectDocuments, added=(story.document_id,))
        return await last(reads, tenant, project_id)

    monkeypatch.setattr(PostgresProjects, "last", late)
    async with following(pool, database_url) as reader:
        await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
        await rest_of(story)
        await house.fold()
        await reader.until(lambda r: "end" in r.of_jobs)


@pytest.mark.parametrize("text", ["", "a", "1~ ", "-2", "1~a~b", "9" * 30])
def test_what_is_no_event_id_is_said_to_be_none(text: str) -> None:
    """Nobody is told half of something because his id was read as another."""
    with pytest.raises(ValueError, match="not an event id"):
        place_in(text)
