"""What happened to a document and its jobs, with what each event changed."""

from datetime import timedelta
from uuid import UUID, uuid4

from projected_story import Log, ReadModel, Story
from support.project_story import PROJECT, told

from muniment.projections.history.queries import Happened, Part, of_document, of_job, of_project
from muniment.schemas.documents import JobCancelled
from muniment.schemas.project_commands import CreateEpisode, CreateProject, UpdateProject
from muniment.schemas.script_commands import GenerateDraft
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve
from muniment.stream_apps.projects.state import Asked, State


def changed(row: Happened, of: str, field: str) -> tuple[object, object] | None:
    """What became of a field by an event."""
    return next(((c.before, c.after) for c in row.changes if (c.of, c.field) == (of, field)), None)


async def test_a_history_is_every_event_with_what_it_changed(read_model: ReadModel, log: Log) -> None:
    """In the order of the log, from the command to the deletion, page by page; nothing of another document."""
    story = Story(log, ("one", "two", "three"), metadata={"n": "1"})
    await story.tell()
    await Story(log, ("other",)).tell()
    mark = len(log.records)
    await story.delete()
    await read_model.catch_up()
    seen: list[Happened] = []
    cursor = None
    while True:
        page = await of_document(read_model.pool, "acme", story.document_id, limit=4, cursor=cursor)
        seen += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    mine = [r for r in log.records if r.key.decode() == str(story.document_id) and r.topic != "muniment.jobs"]
    assert [(row.entry.topic, row.entry.offset) for row in seen] == [(r.topic, r.offset) for r in mine]
    by_event = {row.entry.event: row for row in seen}
    assert changed(by_event["DocumentSubmitted"], "document", "title") == (None, "A title")
    assert changed(by_event["DocumentSubmitted"], "document", "metadata") == (None, {"n": "1"})
    assert changed(by_event["DocumentIndexed"], "document", "status") == ("chunked", "indexed")
    assert changed(by_event["DocumentIndexed"], "version 1", "embedded") == (None, 3)
    assert changed(by_event["DocumentDeleted"], "version 1", "title") == ("A title", None)
    assert by_event["ChunksPrepared"].changes == ()
    deleted = next(row for row in seen if row.entry.offset == log.records[mark].offset and "Delete" in row.entry.event)
    assert deleted.entry.event == "DeleteDocument"
    assert (await of_document(read_model.pool, "umbrella", story.document_id)).rows == ()


async def test_a_job_s_history_has_what_ended_it_from_without(read_model: ReadModel, log: Log) -> None:
    """The cancellation belongs to another job, and is in the history of the one that it ended."""
    story = Story(log, ("one",))
    await story.submitted(await story.command())
    gone = JobCancelled(document_id=story.document_id, version=1, job_id=story.job, reason="not wanted")
    await log.say(gone, uuid4(), "acme")
    record = await story.extracted()
    log.clock += timedelta(milliseconds=5)
    letter = log.dead(record, "chunking")
    await read_model.catch_up()
    page = await of_job(read_model.pool, "acme", story.job)
    assert [row.entry.event for row in page.rows] == [
        "SubmitDocument", "DocumentSubmitted", "JobCancelled", "DocumentExtracted", "DeadLetter",
    ]  # fmt: skip
    assert changed(page.rows[2], "job", "state") == ("queued", "cancelled")
    assert page.rows[-1].entry.offset == letter.offset
    assert page.rows[-1].entry.code == "unexpected"


async def test_causes_lead_back_to_the_command(read_model: ReadModel, log: Log) -> None:
    """However long the chain, the nearest first."""
    story = Story(log, ("one",))
    await story.tell()
    await read_model.catch_up()
    page = await of_document(read_model.pool, "acme", story.document_id)
    command, *others = page.rows
    assert command.causes == ()
    assert {tuple(cause.event for cause in row.causes) for row in others} == {("SubmitDocument",)}
    assert others[0].causes[0].place == command.entry.place


async def test_a_project_has_a_history_and_so_have_its_episodes_and_drafts(read_model: ReadModel, log: Log) -> None:
    """Everything of the project in its order; of an episode, or a draft, what names it; nothing to other tenants."""
    episode, draft, job = uuid4(), uuid4(), uuid4()
    for owner in (PROJECT, draft):
        await log.ring.create("acme", owner)
    state = State()
    commands = [
        told(CreateProject),
        told(CreateEpisode, episode_id=episode),
        told(GenerateDraft, episode_id=episode, draft_id=draft),
        told(UpdateProject),
    ]
    for command in commands:
        command_id = job if isinstance(command, GenerateDraft) else uuid4()
        await log.say(command, command_id, "acme")
        for event in decide(command, state, Asked(command_id)):
            state = evolve(state, event)
            await log.say(event, command_id, "acme")
    log.again(log.records[-1])
    await read_model.fold("history", log.records)

    async def of(part: Part, identity: UUID, tenant: str = "acme") -> list[str]:
        page = await of_project(read_model.pool, tenant, part, identity)
        return [row.entry.event for row in page.rows]

    whole = await of("project_id", PROJECT)
    assert whole[:4] == ["CreateProject", "ProjectCreated", "CreateEpisode", "EpisodeCreated"]
    assert whole[-2:] == ["UpdateProject", "ProjectUpdated"]
    inside = ["CreateEpisode", "EpisodeCreated", "GenerateDraft", "DraftRequested"]
    assert await of("episode_id", episode) == inside
    assert await of("draft_id", draft) == inside[2:]
    assert await of("project_id", PROJECT, "umbrella") == []
    assert (await of_document(read_model.pool, "acme", PROJECT)).rows == ()
    assert len((await of_job(read_model.pool, "acme", job)).rows) == 2
