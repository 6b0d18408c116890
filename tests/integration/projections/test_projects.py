"""The read model of projects, from the log in memory: repeated, cut into batches, and replayed."""

from typing import Any
from uuid import UUID, uuid4

from projected_story import Log, ReadModel, schema_of
from support.project_story import PROJECT, told

from muniment.projections.projects import queries
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.digest import fingerprint
from muniment.schemas import project_commands as commands
from muniment.schemas import script_commands, scripts
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve
from muniment.stream_apps.projects.state import Asked, State

TENANT = "acme"
ONE, TWO, DRAFT, PAPER = (UUID(int=n) for n in (11, 12, 13, 14))


class Decider:
    """Decides commands and says on a log what follows."""

    def __init__(self, log: Log) -> None:
        self.log, self.state = log, State()

    async def ask(self, cls: type[Any], **said: Any) -> UUID:
        """Decide a command; its id."""
        command_id = uuid4()
        for owner in (PROJECT, DRAFT):
            await self.log.ring.create(TENANT, owner)
        for event in decide(told(cls, **said), self.state, Asked(command_id)):
            self.state = evolve(self.state, event)
            await self.log.say(event, command_id, TENANT)
        return command_id

    async def tell(self) -> None:
        """A project with two episodes, one of them gone, and a script that was committed."""
        await self.ask(commands.CreateProject)
        await self.ask(commands.CreateEpisode, episode_id=ONE)
        await self.ask(commands.CreateEpisode, episode_id=TWO, position=0)
        await self.ask(commands.ChangeProjectDocuments, added=(PAPER, UUID(int=15)))
        await self.ask(commands.ChangeProjectDocuments, removed=(UUID(int=15),))
        await self.ask(commands.MoveEpisode, episode_id=TWO, position=1)
        job = await self.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT)
        written = told(scripts.DraftWritten, episode_id=ONE, draft_id=DRAFT, job_id=job)
        self.state = evolve(self.state, written)
        await self.log.say(written, job, TENANT)
        await self.ask(script_commands.CommitDraft, episode_id=ONE, draft_id=DRAFT)
        await self.ask(commands.DeleteEpisode, episode_id=TWO)
        await self.ask(commands.UpdateProject, description="now with moons")
        await self.ask(commands.UpdateProject, if_revision=1)


async def contents(read_model: ReadModel) -> Any:
    """A fingerprint of every table."""
    async with read_model.pool.acquire() as connection:
        return await fingerprint(connection, PROJECTIONS["projects"](8), schema_of("projects"))


async def test_the_tables_say_what_the_facts_said(read_model: ReadModel, log: Log) -> None:
    """Titles, order, documents, the script, and what became of each command."""
    decider = Decider(log)
    await decider.tell()
    refused = await decider.ask(commands.UpdateProject, if_revision=1)
    await read_model.fold("projects", log.records)
    pool = read_model.pool
    project = await queries.project(pool, TENANT, PROJECT)
    assert project is not None
    assert (project.title, project.description) == ("Tides and moons", "now with moons")
    assert (project.revision, project.documents, project.episodes) == (2, 1, 1)
    [episode] = (await queries.episodes(pool, TENANT, PROJECT)).rows
    assert (episode.episode_id, episode.place, episode.script, episode.number) == (ONE, 0, DRAFT, 1)
    assert await queries.projects_of(pool, TENANT, PAPER) == [PROJECT]
    decision = await queries.decision(pool, TENANT, refused)
    assert decision is not None
    assert (decision.code, decision.revision) == ("revision_mismatch", 2)
    assert await queries.project(pool, "umbrella", PROJECT) is None
    assert await queries.decision(pool, "umbrella", refused) is None


async def test_twice_equals_once(read_model: ReadModel, log: Log) -> None:
    """Every fact said again, at a later place, one by one or together, leads to the same tables."""
    decider = Decider(log)
    await decider.tell()
    records = list(log.records)
    await read_model.fold("projects", records)
    before = await contents(read_model)
    for record in records:
        log.again(record)
    for record in log.records[len(records) :]:
        await read_model.fold("projects", [record])
    assert await contents(read_model) == before
    await read_model.pool.execute(f"update {schema_of('projects')}.checkpoints set next_offset = 0")
    await read_model.fold("projects", log.records)
    assert await contents(read_model) == before


async def test_of_a_deleted_project_nothing_is_kept_but_that_it_was(read_model: ReadModel, log: Log) -> None:
    """What it was called and what was in it only the past says; a fact of it that comes late does not bring it back."""
    decider = Decider(log)
    await decider.tell()
    first = log.records[0]
    await decider.ask(commands.DeleteProject, cascade=True)
    log.again(first)
    await read_model.fold("projects", log.records)
    assert await queries.project(read_model.pool, TENANT, PROJECT) is None
    row = await read_model.pool.fetchrow(f"select * from {schema_of('projects')}.projects")
    assert (row["title"], row["description"], row["documents"]) == (None, None, 0)
    for table in ("episodes", "members", "orders"):
        assert await read_model.pool.fetchval(f"select count(*) from {schema_of('projects')}.{table}") == 0


async def test_a_project_whose_key_is_gone_is_still_listed(read_model: ReadModel, log: Log) -> None:
    """What it said of itself reads as redacted."""
    await Decider(log).ask(commands.CreateProject)
    await log.ring.destroy(TENANT, PROJECT)
    await read_model.fold("projects", log.records)
    project = await queries.project(read_model.pool, TENANT, PROJECT)
    assert project is not None
    assert project.title == REDACTED.value
