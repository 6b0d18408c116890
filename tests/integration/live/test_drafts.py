"""The stream of the job of a draft, over the real read model: from command to end, without a word of the text."""

from uuid import UUID, uuid4

import asyncpg
from projected_story import Log, ReadModel
from support.listening import listen
from support.project_story import PROJECT, told

from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.live.watch import Watch
from muniment.api.settings import ApiSettings
from muniment.projections.waiting import Waiting
from muniment.schemas.event import Event
from muniment.schemas.metadata import LANES
from muniment.schemas.script_commands import GenerateDraft
from muniment.schemas.scripts import DraftPrompted, DraftRequested, DraftStreamed, DraftWritten

TENANT, SECRET = "acme", "quagga"
EPISODE, DRAFT = UUID(int=11), UUID(int=12)


def way_of_a_draft(job: UUID) -> list[Event]:
    """What the log says of a draft that is written in two pieces."""
    where = {"episode_id": EPISODE, "draft_id": DRAFT}
    asked = {"template": "script", "language": "en", "max_tokens": 800, "temperature": 0.2, "seed": None}
    mine = {"project_id": PROJECT, "draft_id": DRAFT, "job_id": job, "attempt": 1}
    pieces: list[Event] = [
        DraftStreamed(**mine, index=n, text=SECRET, tokens=10 * n + 10)  # type: ignore[arg-type]
        for n in range(2)
    ]
    return [
        told(GenerateDraft, **where, brief=SECRET),
        DraftRequested(project_id=PROJECT, **where, job_id=job, brief=SECRET, **asked, document_ids=()),  # type: ignore[arg-type]
        told(DraftPrompted, **where, job_id=job, attempt=1, prompt=SECRET),
        *pieces,
        told(DraftWritten, **where, job_id=job, attempt=1, text=f"{SECRET} {SECRET}"),
    ]


async def test_a_stream_tells_the_job_of_a_draft_from_its_command_to_its_end(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log
) -> None:
    """Queued, then being written with its tokens as they come, then the end, which waits for nothing of search."""
    job, log.lane = uuid4(), LANES[0]
    for owner in (PROJECT, DRAFT):
        await log.ring.create(TENANT, owner)
    for event in way_of_a_draft(job):
        await log.say(event, job, TENANT)
    await read_model.fold("jobs", log.records[:1])
    async with Waiting(pool, database_url) as waiting, Hub(PostgresFeed(pool), ApiSettings()) as hub:
        waiting.tell(hub.moved)
        reader = listen(hub, Watch(TENANT, job))
        await reader.until(lambda r: r.events, 60)
        for number in range(1, len(log.records)):
            await read_model.fold("jobs", log.records[number : number + 1])
        await reader.ended(60)
    first, *rest = reader.events
    assert (first.name, first.data["kind"], first.data["state"]) == ("snapshot", "generate", "queued")
    assert (first.data["draft_id"], first.data["document_id"]) == (str(DRAFT), None)
    assert {event.name for event in rest[:-1]} <= {"job"}
    assert {(e.data["state"], e.data["step"]) for e in rest[:-1]} <= {("queued", "deciding"), ("running", "generating")}
    done = [event.data["progress"]["done"] for event in rest[:-1] if event.data["progress"]]
    assert done == sorted(done)
    last = rest[-1]
    assert (last.name, last.data["state"], last.data["outcome"]) == ("end", "succeeded", "written")
    assert SECRET not in reader.received.decode()
