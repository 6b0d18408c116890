"""Drafts and projects have keys as documents have, and no erasure by id takes them, whatever became of them."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.erasing_desk import ANSWERED, ASKED, SECRET, Desk, finish
from support.erasing_house import TENANT, House

from muniment.producers.key_owners import no_documents
from muniment.schemas.erasures import ErasureCompleted
from muniment.schemas.projects import EpisodeCreated, EpisodeDeleted, ProjectCreated, ProjectDeleted
from muniment.schemas.scripts import DraftRequested, DraftWritten
from muniment.stream_apps.projects.evolve import evolve
from muniment.stream_apps.projects.store import ProjectStore


@pytest.fixture
def desk(house: House) -> Desk:
    """A desk."""
    return Desk(house, uuid4(), uuid4())


async def decided(house: House, project_id: UUID, *events: Any) -> None:
    """The decider of projects takes note of these."""
    for event in events:
        await ProjectStore(house.pool).evolve(TENANT, project_id, lambda state, one=event: evolve(state, one))


async def test_a_draft_that_went_with_its_episode_keeps_its_key(desk: Desk) -> None:
    """It was written from no document, so that only its past tells of it; the receipt says that it was left."""
    house, draft_id = desk.house, uuid4()
    document = await house.document()
    await house.ring.create(TENANT, draft_id)
    await desk.say(DraftRequested(**desk.about(draft_id), **ASKED, brief=SECRET, document_ids=()))
    await desk.say(DraftWritten(**desk.about(draft_id), **ANSWERED, text=SECRET))
    episode = {"project_id": desk.project_id, "episode_id": desk.episode_id}
    await house.ring.create(TENANT, desk.project_id)
    await desk.say(EpisodeDeleted(**episode, revision=2, drafts=(draft_id,), reason="over"))
    await desk.fold()
    assert await house.pool.fetchval("select count(*) from read.drafts") == 0
    await house.ask([draft_id, document])
    await finish(desk)
    assert await house.ring.current(TENANT, draft_id) is not None
    assert await house.ring.current(TENANT, document) is None
    told = json.loads(house.events(ErasureCompleted)[0].receipt)
    assert (told["documents"], told["left_as_no_documents"]) == ([str(document)], [str(draft_id)])
    assert SECRET in await desk.readable(), "the past of the draft can be read as before"


async def test_a_deleted_project_keeps_its_key(house: House) -> None:
    """Its titles stay in the past, and so does what opens them on the log."""
    project_id = uuid4()
    await house.ring.create(TENANT, project_id)
    created = ProjectCreated(project_id=project_id, revision=1, title="A", description="")
    deleted = ProjectDeleted(project_id=project_id, revision=2, episodes=(), drafts=(), reason="over")
    await decided(house, project_id, created, deleted)
    await house.ask([project_id])
    await house.finish()
    assert await house.ring.current(TENANT, project_id) is not None
    assert json.loads(house.events(ErasureCompleted)[0].receipt)["left_as_no_documents"] == [str(project_id)]


async def test_a_draft_is_known_before_any_read_model_has_heard_of_it(desk: Desk) -> None:
    """By what was noted before it was written, or by the decider alone; by neither for another tenant."""
    house, decided_only = desk.house, uuid4()
    noted = await desk.begun(await house.document())
    await house.ring.create(TENANT, decided_only)
    created = ProjectCreated(project_id=desk.project_id, revision=1, title="A", description="")
    asked = DraftRequested(**desk.about(decided_only), **ASKED, brief=SECRET, document_ids=())
    episode = {"project_id": desk.project_id, "episode_id": desk.episode_id}
    begun = EpisodeCreated(**episode, revision=1, title="A", brief="", order=(desk.episode_id,))
    await decided(house, desk.project_id, created, begun, asked)
    ids = [noted, decided_only, desk.project_id, uuid4()]
    wanted = {noted: "draft", decided_only: "draft", desk.project_id: "project"}
    assert await no_documents(house.pool, TENANT, ids) == wanted
    assert await no_documents(house.pool, "rival", ids) == {}


async def test_documents_are_documents(house: House) -> None:
    """Those that nobody decided on yet, and those whose ids a command has named as a project that never was."""
    fresh, named, both = [await house.document() for _ in range(3)]
    for one in (named, both):
        await house.pool.execute(
            "insert into muniment_projects.state (tenant, project_id, state, version) values ($1, $2, $3, 0)",
            TENANT,
            one,
            json.dumps({"revision": int(one == both), "deleted": False, "drafts": {}}),
        )
    assert await no_documents(house.pool, TENANT, [fresh, named, both]) == {both: "project"}
    await house.pool.execute(
        "insert into muniment_deciding.state (tenant, document_id, state, version) values ($1, $2, $3, 0)",
        TENANT,
        both,
        json.dumps({"latest": 1, "deleted": 0}),
    )
    said = "a document was submitted under it: whoever it is about has a right to its erasure"
    assert await no_documents(house.pool, TENANT, [fresh, named, both]) == {}, said
