"""Commands about projects on a real Postgres: inbox, state and outbox in one transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.project_story import PROJECT, told

from muniment.api.script_reads.postgres import PostgresScripts
from muniment.producers.key_file import KeyFile
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas import example
from muniment.schemas import project_commands as commands
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
from muniment.schemas.projects import ProjectCommandRejected, ProjectUpdated
from muniment.schemas.record import Record
from muniment.schemas.script_commands import CancelDraft, CommitDraft, GenerateDraft
from muniment.schemas.scripts import DraftPrompted, DraftRefused, DraftRequested, DraftWritten
from muniment.stream_apps.projects.state import Standing
from muniment.stream_apps.projects.step import Projecting
from muniment.stream_apps.projects.store import ProjectStore
from muniment.stream_apps.projects.stored import from_json

KEYS = KeyFile("one", {"one": bytes(32)})
TENANT = "acme"
EPISODE, DRAFT = UUID(int=2), UUID(int=3)
STATE = "select state from muniment_projects.state where tenant = $1 and project_id = $2"


class Worker:
    """The step as a process runs it, its key ring's cache empty."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.codec = LogCodec(PostgresKeyRing(pool, KEYS))
        self.step = Projecting(ProjectStore(pool), self.codec, lambda: example.metadata("x").time)

    async def work(self, envelope: Envelope, *, settled: bool = True) -> list[Any]:
        """What follows from a record; unless it is `settled`, nobody knows whether that is on the log."""
        records = [item async for item in self.step.run(envelope)]
        if settled:
            await self.step.settled(envelope)
        return [(await self.codec.decode(record)).event for record in records if isinstance(record, Record)]

    async def ask(self, cls: type[Any], **said: Any) -> Any:
        """The decision on a new command."""
        [event] = await self.work(asked(told(cls, **said)))
        return event

    async def state(self) -> Any:
        """What is remembered."""
        return from_json(await self.pool.fetchval(STATE, TENANT, PROJECT))


def asked(event: Event) -> Envelope:
    """A record as it comes from the log."""
    event_id = uuid4()
    meta = Metadata(event_id, TENANT, event_id, event_id, example.metadata("x").time, "muniment.test")
    return Envelope(event, meta, Record(event.declaration.topic.name, b"k", b"", (), 3, 0, 0))


@pytest.fixture
async def worker(database_url: str) -> AsyncIterator[Worker]:
    """A worker, and a project with an episode."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=4) as pool:
        for owner in (PROJECT, DRAFT):
            await PostgresKeyRing(pool, KEYS).create(TENANT, owner)
        made = Worker(pool)
        await made.ask(commands.CreateProject)
        await made.ask(commands.CreateEpisode, episode_id=EPISODE)
        yield made


async def test_a_command_is_decided_once_however_often_it_comes(worker: Worker) -> None:
    """Until its fact is on the log it is given out again, the very same; after that nothing is."""
    command = asked(told(commands.UpdateProject))
    first = [item async for item in worker.step.run(command)]
    again = [item async for item in Worker(worker.pool).step.run(command)]
    assert first == again
    await worker.step.settled(command)
    assert await worker.work(command) == []
    assert (await worker.state()).revision == 2


async def test_of_two_workers_with_two_changes_from_one_reading_one_is_decided_for(worker: Worker) -> None:
    """Whichever comes first; the other is told what there is by then."""
    changes = [asked(told(commands.UpdateProject, if_revision=1)) for _ in range(4)]
    answers = await asyncio.gather(*(Worker(worker.pool).work(change) for change in changes))
    events = [event for [event] in answers]
    assert sum(isinstance(event, ProjectUpdated) for event in events) == 1
    lost = [event for event in events if isinstance(event, ProjectCommandRejected)]
    assert [(event.code, event.revision) for event in lost] == [("revision_mismatch", 2)] * 3


async def test_a_cancelled_draft_is_dropped_by_every_worker_and_stays_cancelled(worker: Worker) -> None:
    """Its job stands where workers look, and what was written meanwhile changes nothing."""
    generate = asked(told(GenerateDraft, episode_id=EPISODE, draft_id=DRAFT))
    [requested] = await worker.work(generate)
    assert isinstance(requested, DraftRequested)
    about = {"episode_id": EPISODE, "draft_id": DRAFT, "job_id": requested.job_id}
    cancelled = await worker.ask(CancelDraft, **about)
    dropped = await worker.pool.fetchval("select job_id from muniment_deciding.cancelled")
    assert dropped == requested.job_id == generate.meta.event_id
    # What was decided is met on the log before what was written after it.
    await worker.work(asked(cancelled))
    await worker.work(asked(told(DraftWritten, **about)))
    assert (await worker.state()).drafts[DRAFT].standing is Standing.CANCELLED
    assert (await worker.ask(CommitDraft, episode_id=EPISODE, draft_id=DRAFT)).code == "draft_not_ready"


@pytest.mark.parametrize("ends", [DraftWritten, DraftRefused])
async def test_readers_can_ask_whether_the_deciders_know_of_the_end_of_a_draft(
    worker: Worker, ends: type[Event]
) -> None:
    """They wait for it from the request on, also while it is worked on, until they have taken note of it."""
    reads = PostgresScripts(worker.pool)
    assert not await reads.awaited(TENANT, PROJECT, DRAFT)
    [requested] = await worker.work(asked(told(GenerateDraft, episode_id=EPISODE, draft_id=DRAFT)))
    about = {"episode_id": EPISODE, "draft_id": DRAFT, "job_id": requested.job_id}
    assert await reads.awaited(TENANT, PROJECT, DRAFT)
    await worker.work(asked(told(DraftPrompted, **about)))
    assert await reads.awaited(TENANT, PROJECT, DRAFT)
    await worker.work(asked(told(ends, **about)))
    assert not await reads.awaited(TENANT, PROJECT, DRAFT)
    assert not await reads.awaited("umbrella", PROJECT, DRAFT)


async def test_what_cannot_be_read_any_more_is_decided_against(worker: Worker) -> None:
    """The key of the draft was destroyed before its command was decided."""
    await worker.codec._key_ring.destroy(TENANT, DRAFT)
    command = told(GenerateDraft, episode_id=EPISODE, draft_id=DRAFT, brief=REDACTED)
    [event] = await worker.work(asked(command))
    assert (event.code, event.command) == ("erased", "GenerateDraft")


async def test_the_state_holds_no_text(worker: Worker) -> None:
    """Titles, briefs and reasons stay on the log, sealed."""
    text = await worker.pool.fetchval(STATE, TENANT, PROJECT)
    assert "Tides" not in text
    assert "how it began" not in text
