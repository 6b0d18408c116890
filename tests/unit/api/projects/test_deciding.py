"""A command about a project is answered with its decision, or with where that will be."""

from uuid import uuid4

import pytest

from muniment.api.position import concerns, from_token
from muniment.api.problems.kinds import KINDS
from muniment.api.projects.deciding import rejected
from muniment.api.reads import Behind
from muniment.schemas.project_commands import ANY_REVISION, UpdateProject
from muniment.schemas.project_rejections import Rejection
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_PROJECTS


async def test_what_is_not_decided_in_time_is_answered_with_where_it_will_be(world):
    """202, the place of the outcome, and a token that a read can wait with; nothing is said to be done."""
    project = world.projects.add()
    await world.key_ring.create("acme", project)
    world.reads.behind = Behind("projects", 1, 0, 1)
    async with world.client() as http:
        answer = await http.patch(f"/v1/projects/{project}", json={"title": "b"}, headers=world.mine)
    assert answer.status_code == 202
    told = answer.json()
    assert answer.headers["location"] == f"/v1/projects/{project}/commands/{told['command_id']}"
    [position] = from_token(answer.headers["muniment-position"])
    assert concerns("projects", position)
    assert not concerns("documents", position)


async def test_what_is_so_already_is_answered_as_if_it_were_done(world):
    """The resource as it is, and no problem."""
    project = world.projects.add(archived=True)
    world.projects.decides = {"code": "unchanged", "event": "ProjectCommandRejected"}
    async with world.client() as http:
        answer = await http.post(f"/v1/projects/{project}/archive", headers=world.mine)
    assert (answer.status_code, answer.json()["archived"]) == (200, True)


async def test_a_change_asks_for_the_revision_in_if_match(world):
    """And for none without it; the command is in the lane where somebody waits."""
    project = world.projects.add()
    world.projects.decides = {}
    await world.key_ring.create("acme", project)
    async with world.client() as http:
        for tag in ('"7"', "*", None):
            headers = {**world.mine, **({"If-Match": tag} if tag else {})}
            answer = await http.patch(f"/v1/projects/{project}", json={"title": "b"}, headers=headers)
            assert answer.status_code == 200, answer.text
    sent = await world.sent()
    assert [envelope.event.if_revision for envelope in sent] == [7, ANY_REVISION, ANY_REVISION]
    assert {envelope.meta.lane for envelope in sent} == {"interactive"}
    assert all(isinstance(envelope.event, UpdateProject) for envelope in sent)


async def test_a_project_whose_key_is_gone_cannot_be_changed(world):
    """410: there is nothing left to seal its title under."""
    project = world.projects.add()
    async with world.client() as http:
        answer = await http.patch(f"/v1/projects/{project}", json={"title": "b"}, headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (410, "key_destroyed")
    assert not world.publisher.sent


@pytest.mark.parametrize("code", [code for code in Rejection if code is not Rejection.UNCHANGED])
async def test_every_rejection_is_a_problem_that_says_what_to_do(world, code):
    """A new code that callers are not told about would be an internal error."""
    world.projects.decides = {"code": str(code), "revision": 4}
    decision = await world.projects.decision("acme", uuid4())
    problem = rejected(decision)
    assert problem.code in KINDS
    assert problem.extra["revision"] == 4
    assert ("ETag" in problem.headers) == (code is Rejection.REVISION_MISMATCH)


def test_tokens_of_projects_wait_for_what_follows_projects():
    """Jobs follow both, scripts only their own."""
    ours, theirs = (Position(f"{t.name}/interactive", 0, 1) for t in (COMMANDS_PROJECTS, COMMANDS_DOCUMENTS))
    follows = {name: (concerns(name, ours), concerns(name, theirs)) for name in ("projects", "scripts", "jobs")}
    assert follows == {"projects": (True, False), "scripts": (True, False), "jobs": (True, True)}
