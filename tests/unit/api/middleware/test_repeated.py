"""The repeat of a request that came to something is answered so, whatever its route would refuse it for by now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from support.idempotency import InMemoryIdempotency

from muniment.api.app import create_app
from muniment.api.keys import Scope
from muniment.api.middleware import idempotent
from muniment.api.operation_reads.rows import letter_place
from muniment.api.position import from_token
from muniment.api.project_reads.answers import Episode
from muniment.projections.erasures.queries import ErasureRow
from muniment.schemas.documents import DocumentDeleted
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position
from muniment.schemas.sealing import DataKey

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
WHY = {"reason": "the endpoint is back"}


@pytest.fixture
def kept(world: Any, monkeypatch: pytest.MonkeyPatch) -> InMemoryIdempotency:
    """A store, behind an API that waits for nobody."""
    store = InMemoryIdempotency()
    world.app = create_app(replace(world.dependencies(), idempotency=store))
    monkeypatch.setattr(idempotent, "PATIENCE_S", 0.0)
    return store


@dataclass
class Request:
    """A request, and how the world is `after` its command was decided, or after what somebody else did."""

    method: str
    path: str
    body: Any
    after: Callable[[], object]

    async def sent(self, world: Any) -> Response:
        """Sent with the key."""
        async with world.client() as client:
            return await client.request(self.method, self.path, headers=world.mine | KEY, json=self.body)


async def unanswered(world: Any, request: Request) -> str:
    """Its command comes to the log, and nobody is told; then things are as after it. The id of the command."""
    world.publisher.fails, world.publisher.loses = ErrorCode.LOG_UNAVAILABLE, True
    answer = await request.sent(world)
    assert answer.status_code == 503, answer.text
    world.publisher.fails = None
    (record,) = world.publisher.sent
    world.records.held[str(Position(record.topic, record.partition, record.offset))] = record
    request.after()
    return str(record.header("ce_id"))


def project(world: Any, verb: str, path: str = "", body: Any = None) -> Request:
    """A change of a project that is deleted then, by this or by somebody else."""
    project_id = world.projects.add()
    world.key_ring.keys["acme", project_id] = DataKey(uuid4(), bytes(32))
    gone = world.projects.of_projects["acme"]
    return Request(verb, f"/v1/projects/{project_id}{path}", body, lambda: gone.pop(project_id))


def episode(world: Any, verb: str, path: str = "", body: Any = None) -> Request:
    """A change of an episode that is deleted then."""
    project_id, episode_id = world.projects.add(), uuid4()
    world.key_ring.keys["acme", project_id] = DataKey(uuid4(), bytes(32))
    about = {"title": "One", "brief": "", "revision": 1, "archived": False, "place": 0, "script": None, "number": 0}
    made = {"created_by": "key:mine", "created_at": NOW, "updated_at": NOW}
    there = world.projects.of_episodes["acme", project_id]
    there[episode_id] = Episode(project_id=project_id, episode_id=episode_id, **about, **made)
    where = f"/v1/projects/{project_id}/episodes/{episode_id}{path}"
    return Request(verb, where, body, lambda: there.pop(episode_id))


def draft(world: Any, path: str, body: Any = None) -> Request:
    """Something that is done with a draft, which is gone then."""
    draft_id = world.scripts.add()
    world.key_ring.keys["acme", draft_id] = DataKey(uuid4(), bytes(32))
    gone = world.scripts.of_drafts["acme"]
    return Request("POST", f"/v1/drafts/{draft_id}/{path}", body, lambda: gone.pop(draft_id))


def letters(world: Any, path: str, **more: Any) -> Request:
    """Something that is done with dead letters, which do not wait any more then."""
    ids = world.reads.add_letters(3)
    of_tenant = world.reads.letters["acme"]

    def taken() -> None:
        for one in ids:
            of_tenant[one] = of_tenant[one].model_copy(update={"status": "redriving"})

    return Request("POST", f"/v1/dead-letters/{path}", {"selection": {}, **WHY, **more}, taken)


def erasure(world: Any, path: str) -> Request:
    """A decision on an erasure that somebody else has asked for, which is decided then."""
    row = ErasureRow(
        uuid4(), "requested", None, (), "on request", "request", 2, "key:somebody", NOW, *(None,) * 12
    )  # fmt: skip
    rows = {row.erasure_id: row}

    async def read(tenant: str, erasure_id: UUID) -> ErasureRow | None:
        return rows.get(erasure_id)

    world.erasures.erasure = read
    decided = replace(row, status="confirmed")
    return Request("POST", f"/v1/erasures/{row.erasure_id}/{path}", WHY, lambda: rows.update({row.erasure_id: decided}))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("made", [project, episode])
async def test_a_deletion_of_what_is_gone_by_it_is_done(world: Any, made: Callable[..., Request]) -> None:
    """204, as the first try would have been answered; one command, and what comes after is given the same answer."""
    request = made(world, "DELETE")
    world.projects.decides = {}
    await unanswered(world, request)
    again, third = await request.sent(world), await request.sent(world)
    assert (again.status_code, third.status_code) == (204, 204), again.text
    assert again.headers["Muniment-Position"] == third.headers["Muniment-Position"]
    assert third.headers["Idempotency-Replayed"] == "true"
    assert len(world.publisher.sent) == 1


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "made",
    [
        lambda world: project(world, "PATCH", body={"title": "b"}),
        lambda world: project(world, "POST", "/episodes", {"title": "One"}),
        lambda world: episode(world, "POST", "/archive"),
        lambda world: draft(world, "commit"),
        lambda world: draft(world, "discard", WHY),
        lambda world: draft(world, "revise", {"text": "Mine."}),
    ],
    ids=["project", "new episode", "episode", "commit", "discard", "revise"],
)
async def test_a_change_of_what_is_gone_by_now_is_accepted(world: Any, made: Callable[[Any], Request]) -> None:
    """202 with where the decision is: it was made, and there is nothing left to show."""
    request = made(world)
    world.projects.decides = {}
    command_id = await unanswered(world, request)
    answer = await request.sent(world)
    assert (answer.status_code, answer.json()["command_id"]) == (202, command_id), answer.text
    assert answer.headers["Location"].endswith(f"/commands/{command_id}")
    assert len(world.publisher.sent) == 1


@pytest.mark.usefixtures("kept")
async def test_a_draft_that_is_being_written_is_told_of_once_more(world: Any) -> None:
    """Its job and its id are those of the first try, although the episode is gone."""
    request = episode(world, "POST", "/drafts", {"brief": "The tides"})
    world.projects.decides = {}
    command_id = await unanswered(world, request)
    (sent,) = await world.sent()
    answer = await request.sent(world)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["job_id"], answer.json()["draft_id"]) == (command_id, str(sent.event.draft_id))
    assert answer.headers["Location"] == f"/v1/jobs/{command_id}"


@pytest.mark.usefixtures("kept")
async def test_what_was_decided_against_stays_so(world: Any) -> None:
    """The first try would have been told of the decision: so is the repeat, not that there is no such project."""
    request = project(world, "DELETE")
    world.projects.decides = {"code": "not_empty", "event": "ProjectCommandRejected"}
    await unanswered(world, request)
    answer = await request.sent(world)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_empty")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("path", ["redrive", "discard"])
async def test_an_order_about_letters_that_it_has_taken_is_accepted(world: Any, path: str) -> None:
    """The operation is that of the first try, and nothing is said of letters that do not wait."""
    request = letters(world, path)
    command_id = await unanswered(world, request)
    answer = await request.sent(world)
    assert (answer.status_code, answer.json()["operation_id"]) == (202, command_id), answer.text
    assert answer.headers["Location"] == f"/v1/operations/{command_id}"
    (sent,) = world.publisher.sent
    assert from_token(answer.headers["Muniment-Position"]) == [Position(sent.topic, sent.partition, sent.offset)]


@pytest.mark.usefixtures("kept")
async def test_an_edit_that_has_begun_its_redrive_is_accepted(world: Any) -> None:
    """The letter is under way by it, and cannot be edited any more."""
    document_id = uuid4()
    await world.key_ring.create("acme", document_id)
    [one] = world.reads.add_letters(1, document_id=document_id)
    meta = Metadata(uuid4(), "acme", uuid4(), uuid4(), NOW, "muniment.test")
    dead = DocumentDeleted(document_id=document_id, version=1, job_id=uuid4(), jobs=(), reason="on request")
    world.records.held[letter_place(one)] = await world.codec.encode(dead, meta)
    there = world.reads.letters["acme"]
    patch = [{"op": "remove", "path": "/title"}]
    edit = Request(
        "POST",
        f"/v1/dead-letters/{one}/edit",
        {"patch": patch, **WHY},
        lambda: there.update({one: there[one].model_copy(update={"status": "redriving"})}),
    )
    command_id = await unanswered(world, edit)
    answer = await edit.sent(world)
    assert (answer.status_code, answer.json()["operation_id"]) == (202, command_id), answer.text


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("path", ["confirm", "reject"])
async def test_a_decision_on_an_erasure_is_accepted(world: Any, path: str) -> None:
    """It is decided by it: the repeat is told where to follow the erasure."""
    request = erasure(world, path)
    await unanswered(world, request)
    answer = await request.sent(world)
    erasure_id = request.path.split("/")[3]
    assert (answer.status_code, answer.json()["erasure_id"]) == (202, erasure_id), answer.text
    assert answer.headers["Location"] == f"/v1/erasures/{erasure_id}"


@pytest.mark.usefixtures("kept")
async def test_what_never_came_to_the_log_is_refused(world: Any) -> None:
    """The first try came to nothing, and by now there is nothing to be done: the repeat is told so."""
    request = letters(world, "redrive")
    world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
    assert (await request.sent(world)).status_code == 503
    world.publisher.fails = None
    request.after()
    answer = await request.sent(world)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_selected")
    assert not world.publisher.sent


@pytest.mark.usefixtures("kept")
async def test_who_may_not_ask_any_more_is_told_nothing(world: Any) -> None:
    """The key has lost its scope since: 403, although the command lies there."""
    request = letters(world, "redrive")
    await unanswered(world, request)
    world.keys.add("mine", "acme", Scope.DOCUMENTS_READ)
    assert (await request.sent(world)).status_code == 403


@pytest.mark.usefixtures("kept")
async def test_while_the_log_cannot_say_nobody_is_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the command is there is not known: 503, and the next repeat finds it."""
    request = letters(world, "redrive")
    await unanswered(world, request)

    async def away(_: Position) -> None:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "the broker is away")

    with monkeypatch.context() as broker:
        broker.setattr(world.records, "at", away)
        assert (await request.sent(world)).status_code == 503
    assert (await request.sent(world)).status_code == 202
