"""The scripts read model in real tables."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from projected_story import DIMENSIONS, Log, ReadModel, schema_of

from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.digest import TableDigest, fingerprint
from muniment.schemas.event import Event
from muniment.schemas.projects import EpisodeDeleted, ProjectDeleted
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    CitationsChecked,
    DraftCommitted,
    DraftDiscarded,
    DraftErased,
    DraftPrompted,
    DraftRequested,
    DraftRevised,
    DraftWritten,
    Passage,
)

SECRET = "quagga"
TENANT = "acme"


class Project:
    """One project with an episode, told as records of a log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.project_id, self.episode_id, self.document_id = uuid4(), uuid4(), uuid4()

    def about(self, draft_id: UUID) -> dict[str, Any]:
        """What every fact of a draft says."""
        return {"project_id": self.project_id, "episode_id": self.episode_id, "draft_id": draft_id}

    async def say(self, event: Event, owner: UUID) -> None:
        """Append an event, sealed under a key of its own draft or project."""
        await self.log.ring.create(TENANT, owner)
        await self.log.say(event, uuid4(), TENANT)

    async def written(self) -> UUID:
        """A draft from request to answer."""
        draft_id, job = uuid4(), uuid4()
        mine = {**self.about(draft_id), "job_id": job}
        asked: dict[str, Any] = {"max_tokens": 500, "temperature": 0.2, "seed": None}
        cited = {"document_id": self.document_id, "version": 1, "ordinal": 0, "page": 2}
        passage = Passage(number=1, **cited, start=0, end=9, tokens=3, score=0.1, vector_rank=1, words_rank=None)
        citation = Citation(number=1, **cited, start=0, end=9, said_from=0, said_to=8, holds=True)
        requested = DraftRequested(
            **mine, **asked, brief=f"{SECRET}?", template="script", language="en", document_ids=()
        )
        prompted = DraftPrompted(
            **mine,
            **asked,
            attempt=1,
            provider="extractive",
            model="sentences",
            template="script",
            template_version=1,
            prompt=f"[{SECRET}]",
            passages=(passage,),
            memory_tokens=3,
            prompt_tokens=9,
            window_tokens=99,
        )
        written = DraftWritten(
            **mine,
            attempt=1,
            provider="extractive",
            model="sentences",
            text=f"{SECRET} [1].",
            citations=(citation,),
            finish_reason="stop",
            tokens_in=9,
            tokens_out=3,
            cost_micros=0,
            first_token_ms=1,
            written_ms=2,
        )
        charged = DraftCharged(
            **mine,
            attempt=2,
            provider="openai",
            model="toy",
            code="overtaken",
            tokens_in=9,
            tokens_out=3,
            cost_micros=7,
            estimated=False,
        )
        for event in (requested, prompted, written, charged):
            await self.say(event, draft_id)
        return draft_id

    async def revised(self, based_on: UUID) -> UUID:
        """A person's edit of a draft, and the check of its citations."""
        draft_id = uuid4()
        mine = {**self.about(draft_id), "job_id": uuid4()}
        text = f"My {SECRET} [1]."
        await self.say(DraftRevised(**mine, based_on=based_on, text=text, sources=(self.document_id,)), draft_id)
        await self.say(CitationsChecked(**mine, citations=()), draft_id)
        return draft_id

    async def committed(self, draft_id: UUID, number: int) -> None:
        """A draft becomes the episode's script."""
        await self.say(DraftCommitted(**self.about(draft_id), revision=number + 1, number=number), draft_id)

    async def erased(self, draft_id: UUID) -> None:
        """The draft's key goes, and the log says so."""
        event = DraftErased(**self.about(draft_id), document_id=self.document_id, erasure_id=uuid4())
        await self.log.say(event, uuid4(), TENANT)
        await self.log.ring.destroy(TENANT, draft_id)


@pytest.fixture
def project(log: Log) -> Project:
    """A project."""
    return Project(log)


async def fold(model: ReadModel, *, batch: int = 1000, forget: bool = False) -> dict[str, TableDigest]:
    """Fold the log so far, and give the digest of every table."""
    if forget:
        await model.pool.execute(f"update {schema_of('scripts')}.checkpoints set next_offset = 0")
    for start in range(0, len(model.log.records), batch):
        await model.fold("scripts", model.log.records[start : start + batch])
    async with model.pool.acquire() as connection:
        return await fingerprint(connection, PROJECTIONS["scripts"](DIMENSIONS), schema_of("scripts"))


async def emptied(model: ReadModel) -> None:
    """Truncate every table."""
    for table in PROJECTIONS["scripts"](DIMENSIONS).tables:
        await model.pool.execute(f"truncate {schema_of('scripts')}.{table}")


async def rows(model: ReadModel, table: str) -> list[Any]:
    """The rows of a table."""
    return list(await model.pool.fetch(f"select * from {schema_of('scripts')}.{table} order by 1, 2"))


async def test_batches_of_any_size_end_in_the_same_rows(read_model: ReadModel, project: Project) -> None:
    """All at once, record by record, and all of it a second time: each table has the same digest."""
    first = await project.written()
    second = await project.revised(first)
    await project.committed(first, 1)
    await project.committed(second, 2)
    await project.say(DraftDiscarded(**project.about(first), reason=SECRET), first)
    by_one = await fold(read_model, batch=1)
    assert await fold(read_model, forget=True) == by_one
    await emptied(read_model)
    assert await fold(read_model, forget=True) == by_one
    assert {row["number"] for row in await rows(read_model, "commits")} == {1, 2}
    assert [(row["draft_id"], row["attempt"], row["cost_micros"]) for row in await rows(read_model, "charges")] == [
        (first, 2, 7)
    ]
    assert {row["draft_id"]: row["cost_micros"] for row in await rows(read_model, "drafts")} == {first: 7, second: None}
    assert {row["inherited"] for row in await rows(read_model, "sources")} == {True, False}


async def test_an_erased_draft_stays_without_a_word_and_a_rebuild_agrees(
    read_model: ReadModel, project: Project
) -> None:
    """Who asked for it, when, what it goes back to and which versions it was: all there; nothing of what it said."""
    first = await project.written()
    second = await project.revised(first)
    await project.committed(second, 1)
    await fold(read_model)
    assert SECRET in str(await rows(read_model, "drafts"))
    await project.erased(first)
    await project.erased(second)
    live = await fold(read_model)
    drafts = await rows(read_model, "drafts")
    assert SECRET not in str(drafts)
    assert {row["state"] for row in drafts} == {"erased"}
    assert len(await rows(read_model, "commits")) == 1
    assert {row["document_id"] for row in await rows(read_model, "sources")} == {project.document_id}
    await emptied(read_model)
    assert await fold(read_model, forget=True) == live


@pytest.mark.parametrize("whole", [False, True], ids=["episode", "project"])
async def test_drafts_go_with_their_episode_or_project(read_model: ReadModel, project: Project, *, whole: bool) -> None:
    """No draft, no version of a script and no source is left to be read."""
    draft_id = await project.written()
    await project.committed(draft_id, 1)
    about = {"project_id": project.project_id, "revision": 3, "drafts": (draft_id,), "reason": SECRET}
    if whole:
        await project.say(ProjectDeleted(**about, episodes=(project.episode_id,)), project.project_id)
    else:
        await project.say(EpisodeDeleted(**about, episode_id=project.episode_id), project.project_id)
    await fold(read_model)
    assert await read_model.pool.fetch("select * from read.drafts") == []
    assert SECRET not in str(await rows(read_model, "drafts"))
    for table in ("passages", "citations", "sources", "charges", "commits"):
        assert await rows(read_model, table) == []
