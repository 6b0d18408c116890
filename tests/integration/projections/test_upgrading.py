"""A program that is newer than a read model: what needs the newer shape is told to come back, all else goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from httpx2 import ASGITransport, AsyncClient
from projected_story import Log, ReadModel, Story
from support.older_versions import FIRST
from support.project_story import PROJECT, told
from support.replayed import Sender, own_topics

from muniment.api.app import create_app
from muniment.api.dependencies import Dependencies
from muniment.api.keys import ApiKey, Scope
from muniment.api.postgres_reads import PostgresReads
from muniment.api.problems.kinds import RETRY_AFTER_S
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.script_reads.postgres import PostgresScripts
from muniment.projections import live
from muniment.projections.config import ProjectionsConfig
from muniment.projections.running import run_projections
from muniment.projections.waiting import Waiting
from muniment.schemas import projects as facts
from muniment.schemas import scripts as of_drafts
from muniment.schemas.topics import PROJECTS

TENANT, EPISODE, DRAFT = "acme", UUID(int=11), UUID(int=12)
AT = datetime(2026, 1, 1, 10, tzinfo=UTC)
_OLDER_ROWS = f"""
insert into projects_v1.projects values
    ('{TENANT}', '{PROJECT}', 'Tides', '', 1, false, 0, array['{EPISODE}'::uuid], 'key:a', '{AT}', '{AT}', null);
insert into projects_v1.episodes values
    ('{TENANT}', '{PROJECT}', '{EPISODE}', 'One', '', 1, false, '{DRAFT}', 1, 'key:a', '{AT}', '{AT}');
insert into scripts_v1.drafts (tenant, draft_id, project_id, episode_id, kind, state, origin, text, document_ids,
    checked, requested_by, requested_at) values
    ('{TENANT}', '{DRAFT}', '{PROJECT}', '{EPISODE}', 'generated', 'written', '{DRAFT}', 'It began [1].', '{{}}', true,
    'key:a', '{AT}');
insert into scripts_v1.commits values
    ('{TENANT}', '{PROJECT}', '{EPISODE}', 1, '{DRAFT}', 2, 'key:a', '{AT}', 'muniment.projects:0:4')"""
THEN = "as_of=2026-01-02T10:15:30Z"
HERE, OF_IT = f"/v1/projects/{PROJECT}", f"/v1/projects/{PROJECT}/episodes/{EPISODE}"
NEWER = (
    "/v1/projects", f"/v1/projects?{THEN}", HERE, f"{HERE}?{THEN}", f"{HERE}/episodes", f"{HERE}/episodes?{THEN}",
    f"{HERE}/documents?{THEN}", OF_IT, f"{OF_IT}?{THEN}", f"{OF_IT}/drafts?{THEN}", f"{OF_IT}/history?{THEN}",
    f"/v1/drafts/{DRAFT}", f"/v1/drafts/{DRAFT}?{THEN}", f"/v1/drafts/{DRAFT}/sources?{THEN}",
)  # fmt: skip
"""What reads columns and tables that the first versions did not have."""
OTHER = (
    "/v1/documents", f"/v1/documents?{THEN}", "/v1/search?q=leave&mode=text", f"/v1/search?q=leave&mode=text&{THEN}",
    "/v1/jobs", "/health/liveness",
)  # fmt: skip
"""What is there in either shape, or is another read model's."""


class OneKey:
    """A key store with one key, which may do all."""

    async def find(self, token: str) -> ApiKey:
        """See `KeyStore.find`."""
        return ApiKey("one", TENANT, frozenset(Scope), token, AT)


@pytest.fixture
async def sender(kafka_bootstrap: str, unique: str) -> AsyncIterator[Sender]:
    """The test's own topic of projects."""
    async with own_topics(kafka_bootstrap, unique, (PROJECTS,)) as made:
        yield made


@pytest.fixture
async def older(connection: Any, pool: asyncpg.Pool) -> None:
    """Projects and scripts as their first versions left them; all else is of this program."""
    del pool
    for first in FIRST:
        schema = await live.live_schema(connection, first.name)
        await connection.execute(f"drop schema {schema} cascade")
        await connection.execute("delete from read.live where projection = $1", first.name)
        await live.ensure(connection, first)
    await connection.execute(_OLDER_ROWS)


@pytest.fixture
async def http(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[AsyncClient]:
    """The API of this program, as far as it reads."""
    nothing = cast("Any", None)
    async with Waiting(pool, database_url) as waiting:
        deps = Dependencies(
            publisher=nothing,
            codec=nothing,
            key_ring=nothing,
            claims=nothing,
            keys=cast("Any", OneKey()),
            reads=PostgresReads(pool, waiting),
            embedder=nothing,
            projects=PostgresProjects(pool),
            scripts=PostgresScripts(pool),
        )
        transport = ASGITransport(create_app(deps), raise_app_exceptions=False)
        given = {"Authorization": "Bearer one"}
        async with AsyncClient(transport=transport, base_url="http://muniment", headers=given) as made:
            yield made


async def say(log: Log) -> None:
    """On the log, what the older versions have folded."""
    job = {"job_id": uuid4()}
    asked = {"template": "script", "language": "en", "max_tokens": 9, "temperature": 0.2, "seed": None}
    episode = {"project_id": PROJECT, "episode_id": EPISODE}
    draft = {**episode, "draft_id": DRAFT}
    for event in (
        facts.ProjectCreated(project_id=PROJECT, revision=1, title="Tides", description=""),
        facts.EpisodeCreated(**episode, revision=1, title="One", brief="", order=(EPISODE,)),
        of_drafts.DraftRequested(**draft, **job, **asked, brief="", document_ids=()),
        told(of_drafts.DraftWritten, **draft, **job),
        of_drafts.DraftCommitted(**draft, revision=2, number=1),
    ):
        for owner in (PROJECT, DRAFT):
            await log.ring.create(TENANT, owner)
        await log.say(event, uuid4(), TENANT)


async def rebuilt(pool: asyncpg.Pool, folding: "asyncio.Task[None]") -> None:
    """Wait until both are of this program's version."""
    while True:
        rows = await pool.fetch("select projection, version from read.live")
        live_now = {row["projection"]: row["version"] for row in rows}
        if all(live_now[first.name] > first.version for first in FIRST):
            return
        assert not folding.done(), folding
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("older")
async def test_routes_that_need_the_newer_shape_say_when_to_come_back_until_it_is_there(
    http: AsyncClient, sender: Sender, log: Log, read_model: ReadModel, config: ProjectionsConfig
) -> None:
    """503 with `Retry-After` and why, never a fault of ours; other routes answer; after the rebuild all do."""
    story = Story(log, ("annual leave",))
    await story.tell()
    for name in ("documents", "chunks"):
        await read_model.fold(name, log.records)
    await say(log)
    await sender.send([record for record in log.records if record.topic == PROJECTS.name], partition=0)
    answers = {path: await http.get(path) for path in (*NEWER, *OTHER)}
    statuses = {path: answer.status_code for path, answer in answers.items()}
    assert statuses == dict.fromkeys(NEWER, 503) | dict.fromkeys(OTHER, 200)
    for answer in (answers[path] for path in NEWER):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == str(RETRY_AFTER_S)
        assert (answer.json()["code"], "newer version" in answer.json()["detail"]) == ("database_unavailable", True)
    assert [one["text"] for one in answers[OTHER[2]].json()["hits"]] == ["annual leave"]
    stop, both = asyncio.Event(), replace(config, names=tuple(first.name for first in FIRST), group=sender.prefix)
    folding = asyncio.create_task(run_projections(both, log.codec, stop=stop, signals=False))
    try:
        async with asyncio.timeout(100):
            await rebuilt(read_model.pool, folding)
        after = {path: await http.get(path) for path in (*NEWER, *OTHER)}
    finally:
        stop.set()
        await folding
    assert {path: answer.status_code for path, answer in after.items()} == dict.fromkeys((*NEWER, *OTHER), 200)
    assert (after[HERE].json()["title"], after[HERE].json()["episodes"]) == ("Tides", 1)
