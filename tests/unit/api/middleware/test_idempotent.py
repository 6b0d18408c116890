"""A request with an Idempotency-Key happens once."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from support.idempotency import InMemoryIdempotency

from muniment.api.app import create_app
from muniment.api.middleware import idempotent
from muniment.schemas.error_codes import ErrorCode

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


@pytest.fixture
def kept(world: Any, monkeypatch: pytest.MonkeyPatch) -> InMemoryIdempotency:
    """A store, behind an API that waits for nobody."""
    store = InMemoryIdempotency()
    world.app = create_app(replace(world.dependencies(), idempotency=store))
    monkeypatch.setattr(idempotent, "PATIENCE_S", 0.0)
    return store


async def submit(world: Any, text: str = "hello", **headers: str) -> Response:
    """Send a text with the key."""
    async with world.client() as client:
        return await client.post("/v1/documents", json={"text": text}, headers=world.mine | KEY | headers)


@pytest.mark.usefixtures("kept")
async def test_a_repeat_gets_the_first_answer(world: Any) -> None:
    """The same status, body, job and position; one command; the repeat says that it is one."""
    first, second = await submit(world), await submit(world)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    for name in ("Location", "Muniment-Position", "Content-Type"):
        assert first.headers[name] == second.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(world.publisher.sent) == 1


@pytest.mark.usefixtures("kept")
async def test_the_bare_key_is_the_same_key(world: Any) -> None:
    """With and without quotes."""
    first = await submit(world)
    second = await submit(world, **{"Idempotency-Key": KEY["Idempotency-Key"].strip('"')})
    assert first.json() == second.json()


@pytest.mark.usefixtures("kept")
async def test_another_payload_is_refused(world: Any) -> None:
    """422 with its own code, and nothing is published."""
    await submit(world)
    other = await submit(world, "other")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(world.publisher.sent) == 1


@pytest.mark.usefixtures("kept")
async def test_a_bad_key_is_400(world: Any) -> None:
    """The problem names what is wanted; nothing is published."""
    answer = await submit(world, **{"Idempotency-Key": '"unclosed'})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert not world.publisher.sent


async def test_a_request_under_way_is_409(world: Any, kept: InMemoryIdempotency) -> None:
    """Whoever comes while the first one is at it is told to come again."""
    await submit(world)
    kept.answers.clear()
    answer = await submit(world)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert int(answer.headers["Retry-After"]) >= 1
    assert len(world.publisher.sent) == 1


async def test_a_request_under_way_is_waited_for_a_moment(
    world: Any, kept: InMemoryIdempotency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the first answer comes soon, the second caller gets it."""
    monkeypatch.setattr(idempotent, "PATIENCE_S", 600.0)
    first = await submit(world)
    (place,) = kept.answers
    answer = kept.answers.pop(place)
    second = asyncio.create_task(submit(world))
    await asyncio.sleep(0.15)
    assert not second.done()
    kept.answers[place] = answer
    assert (await second).json() == first.json()


@pytest.mark.usefixtures("kept")
async def test_a_failure_is_not_kept_but_its_ids_are(world: Any) -> None:
    """After a 503 the repeat is carried out under the ids that the first one may have published."""
    world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
    assert (await submit(world)).status_code == 503
    jobs = {claim[2] for claim in world.claims.claims}
    world.publisher.fails = None
    done = await submit(world)
    assert done.status_code == 202
    assert {str(job) for job in jobs} == {done.json()["job_id"]}
    assert {str(claim[1]) for claim in world.claims.claims} == {done.json()["document_id"]}


@pytest.mark.usefixtures("kept")
async def test_a_refused_request_may_be_corrected(world: Any) -> None:
    """A 4xx leaves the key free for the corrected request."""
    async with world.client() as client:
        wrong = await client.post("/v1/documents", json={"text": ""}, headers=world.mine | KEY)
    assert wrong.status_code == 422
    assert (await submit(world)).status_code == 202


@pytest.mark.usefixtures("kept")
async def test_tenants_do_not_share_keys(world: Any) -> None:
    """The same key of another tenant is another key."""
    first = await submit(world)
    async with world.client() as client:
        other = await client.post("/v1/documents", json={"text": "hello"}, headers=world.theirs | KEY)
    assert other.status_code == 202
    assert other.json()["job_id"] != first.json()["job_id"]


@pytest.mark.usefixtures("kept")
async def test_the_same_form_with_another_boundary_is_the_same_request(world: Any) -> None:
    """A client that sends a file again draws a new boundary: the first answer all the same."""
    big = b"x" * 90_000

    async def upload(content: bytes) -> Response:
        async with world.client() as client:
            return await client.post("/v1/documents", files={"file": ("a.txt", content)}, headers=world.mine | KEY)

    first, second, other = await upload(big), await upload(big), await upload(big + b"y")
    assert first.json() == second.json()
    assert (first.status_code, other.status_code) == (202, 422)
    assert len(world.publisher.sent) == 1


@pytest.mark.usefixtures("kept")
async def test_a_deletion_happens_once(world: Any) -> None:
    """The repeat of a DELETE gets the first answer, also when the document is gone by then."""
    document = world.add_document()
    await world.key_ring.create("acme", document)
    async with world.client() as client:
        first = await client.delete(f"/v1/documents/{document}", headers=world.mine | KEY)
        del world.reads.of_documents["acme"][document]
        second = await client.delete(f"/v1/documents/{document}", headers=world.mine | KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()


async def unconfirmed(world: Any, method: str, path: str, **given: Any) -> None:
    """A request whose command comes to the log, which does not say so."""
    world.publisher.fails, world.publisher.loses = ErrorCode.LOG_UNAVAILABLE, True
    async with world.client() as client:
        answer = await client.request(method, path, headers=world.mine | KEY, **given)
    assert answer.status_code == 503
    world.publisher.fails = None


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("again", [1, 2])
async def test_a_deletion_that_nobody_confirmed_is_accepted_when_it_is_repeated(world: Any, again: int) -> None:
    """It was on the log all the same, and the document has gone: the repeat is told of that deletion, not of 404."""
    document = world.add_document()
    await world.key_ring.create("acme", document)
    await unconfirmed(world, "DELETE", f"/v1/documents/{document}")
    del world.reads.of_documents["acme"][document]
    async with world.client() as client:
        for _ in range(again):
            answer = await client.delete(f"/v1/documents/{document}", headers=world.mine | KEY)
    (sent,) = world.publisher.sent
    assert (answer.status_code, answer.json()["job_id"]) == (202, sent.header("ce_id"))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("of_a_draft", [False, True])
async def test_a_cancellation_that_nobody_confirmed_is_accepted_when_it_is_repeated(
    world: Any, of_a_draft: bool
) -> None:
    """The job has ended by it: the repeat is told of the cancellation, not that there is nothing to cancel."""
    job_id = world.add_job()
    jobs = world.reads.of_jobs["acme"]
    if of_a_draft:
        ids = {name: uuid4() for name in ("project_id", "episode_id", "draft_id")}
        jobs[job_id] = jobs[job_id].model_copy(update={"kind": "generate", "document_id": None, **ids})
    await world.key_ring.create("acme", ids["draft_id"] if of_a_draft else jobs[job_id].document_id)
    await unconfirmed(world, "POST", f"/v1/jobs/{job_id}/cancel")
    jobs[job_id] = jobs[job_id].model_copy(update={"state": "cancelled", "ended": True})
    async with world.client() as client:
        answer = await client.post(f"/v1/jobs/{job_id}/cancel", headers=world.mine | KEY)
    (sent,) = world.publisher.sent
    assert (answer.status_code, answer.json()["job_id"]) == (202, sent.header("ce_id"))


@pytest.mark.usefixtures("kept")
async def test_a_version_that_nobody_confirmed_is_accepted_when_it_is_repeated(world: Any) -> None:
    """Also when the document has been deleted in between."""
    document = world.add_document()
    path = f"/v1/documents/{document}/versions"
    await unconfirmed(world, "POST", path, json={"text": "new"})
    del world.reads.of_documents["acme"][document]
    world.claims.claims.clear()
    async with world.client() as client:
        answer = await client.post(path, headers=world.mine | KEY, json={"text": "new"})
    (sent,) = world.publisher.sent
    assert (answer.status_code, answer.json()["job_id"]) == (202, sent.header("ce_id"))
    assert not world.claims.claims, "its bytes lie there again, and nothing would ever take them away"


@pytest.mark.usefixtures("kept")
async def test_a_submission_into_a_project_that_is_archived_meanwhile_is_no_second_one(world: Any) -> None:
    """Its document is on the log: the repeat is about that one, and asks for its project once more."""
    project = world.projects.add()
    held = world.projects.of_projects["acme"]
    body = {"text": "hello", "project_id": str(project)}
    await unconfirmed(world, "POST", "/v1/documents", json=body)
    held[project] = held[project].model_copy(update={"archived": True})
    async with world.client() as client:
        answers = [await client.post("/v1/documents", headers=world.mine | KEY, json=body) for _ in "12"]
    submission, _ = world.publisher.sent
    assert [(one.status_code, one.json()["job_id"]) for one in answers] == [(202, submission.header("ce_id"))] * 2


@pytest.mark.parametrize("begun_before", [False, True])
async def test_what_was_refused_frees_its_key_only_the_first_time(
    world: Any, kept: InMemoryIdempotency, begun_before: bool
) -> None:
    """A request that somebody began before may have come to something: whatever is said now, its ids stay."""
    document = world.add_document()
    if begun_before:
        await world.key_ring.create("acme", document)
        world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
        async with world.client() as client:
            await client.delete(f"/v1/documents/{document}", headers=world.mine | KEY)
        world.publisher.fails = None
    rows = [held.job_id for _, held in kept.rows.values()]
    del world.reads.of_documents["acme"][document]
    async with world.client() as client:
        answer = await client.delete(f"/v1/documents/{document}", headers=world.mine | KEY)
    assert (answer.status_code, world.publisher.sent) == (404, [])
    assert [held.job_id for _, held in kept.rows.values()] == rows
    assert len(rows) == begun_before


async def test_a_key_can_be_required(world: Any, kept: InMemoryIdempotency) -> None:
    """With the setting, a change without a key is 400; a question needs none."""
    settings = replace(world.settings, idempotency_required=True)
    world.app = create_app(replace(world.dependencies(), idempotency=kept, settings=settings))
    async with world.client() as client:
        change = await client.post("/v1/documents", json={"text": "x"}, headers=world.mine)
        question = await client.post("/v1/search", json={"q": "x"}, headers=world.mine)
    assert (change.status_code, change.json()["code"]) == (400, "idempotency_key_missing")
    assert question.status_code == 200


@pytest.mark.usefixtures("kept")
async def test_a_stranger_is_told_so_whatever_key_it_sends(world: Any) -> None:
    """No API key: 401, and nothing is kept under the Idempotency-Key."""
    async with world.client() as client:
        answer = await client.post("/v1/documents", json={"text": "x"}, headers=KEY)
    assert answer.status_code == 401
