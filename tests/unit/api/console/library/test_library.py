"""The Library's pages on fakes of the ports: what they show, and what their forms and scripts lead to."""

import json
from uuid import UUID, uuid4

import pytest
from support.signed_in import browser, token_of_forms

from muniment.api.answers import Failure, Job, Version
from muniment.api.keys import Scope
from muniment.api.reads import Stored
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl


@pytest.fixture
async def http(world):
    """Somebody with every scope, signed in."""
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "mine"})
        client.headers.update(token_of_forms(client))
        yield client


def version(world, document_id: UUID, status: str) -> None:
    """Have a document's newest version be in a state."""
    made = Version(version=1, status=status, active=False, file_name="leave.md", size_bytes=3, submitted_at=None)
    made.error = (
        Failure(code="unreadable_document", reason="the file cannot be opened") if status != "indexed" else None
    )

    async def versions(tenant, asked):
        return [made] if asked == document_id and tenant == "acme" else []

    world.reads.versions = versions


async def test_a_file_goes_the_way_of_every_upload(world, http):
    """The command is the one that the route publishes; the answer names job and document for the page's script."""
    document_id = uuid4()
    answer = await http.post(
        "/console/library/upload",
        data={"document_id": str(document_id), "metadata": json.dumps({"project": "a"}), "lane": "bulk"},
        files={"file": ("leave.md", b"# Leave")},
    )
    assert answer.status_code == 202
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, SubmitDocument)
    assert (envelope.event.document_id, envelope.event.metadata, envelope.event.lane) == (
        document_id,
        {"project": "a"},
        "bulk",
    )
    assert envelope.meta.actor == "key:id-mine"
    assert answer.json() == {"job_id": str(envelope.meta.event_id), "document_id": str(document_id)}


async def test_an_address_is_fetched(world, http):
    """What lies in the web is submitted by its address."""
    answer = await http.post("/console/library/upload", json={"url": "https://example.org/a.pdf"})
    assert answer.status_code == 202
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, SubmitUrl)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_upload"), (b"x" * 200_000, "too_large")], ids=["empty", "large"]
)
async def test_what_is_not_taken_says_why_in_its_row(world, http, content, code):
    """The script gets the problem in the reader's language, and nothing is published."""
    answer = await http.post(
        "/console/library/upload", files={"file": ("a.txt", content)}, headers={"Accept-Language": "ko"}
    )
    told = answer.json()
    assert (answer.status_code, told["code"]) in {(422, "empty_upload"), (413, "too_large")}
    assert told["code"] == code
    assert "하세요" in told["what_to_do"] or "고르세요" in told["what_to_do"]
    assert not world.publisher.sent


async def test_a_new_version_is_of_its_document(world, http):
    """The file becomes the next version of the document in the address, and of no other tenant's."""
    document_id = world.add_document()
    theirs = world.add_document("umbrella")
    files = {"file": ("leave.md", b"# Leave")}
    answer = await http.post(f"/console/library/documents/{document_id}/versions", files=files)
    other = await http.post(f"/console/library/documents/{theirs}/versions", files=files)
    assert (answer.status_code, other.status_code) == (202, 404)
    assert [e.event.document_id for e in await world.sent()] == [document_id]


async def test_a_document_has_its_page(world, http):
    """Title, state, versions, jobs; somebody else's is not there."""
    document_id = world.add_document()
    version(world, document_id, "indexed")
    answer = await http.get(f"/console/library/documents/{document_id}")
    other = await http.get(f"/console/library/documents/{world.add_document('umbrella')}")
    assert answer.status_code == 200
    assert all(text in answer.text for text in ("Leave", "leave.md", "Searchable", str(document_id)))
    assert other.status_code == 404


async def test_who_may_only_read_sees_no_buttons(world):
    """What somebody may not do is not offered."""
    document_id = world.add_document()
    version(world, document_id, "failed")
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "reader"})
        page = (await client.get(f"/console/library/documents/{document_id}")).text
        listing = (await client.get("/console/library")).text
    assert "/delete" not in page
    assert "/retry" not in page
    assert "data-upload" not in page + listing


async def test_deleting_publishes_the_command(world, http):
    """It leads back to the list, which says so."""
    document_id = world.add_document()
    await world.key_ring.create("acme", document_id)
    answer = await http.post(f"/console/library/documents/{document_id}/delete")
    assert answer.headers["location"] == "/console/library?done=deleting"
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, DeleteDocument)
    assert "The document is being deleted." in (await http.get(answer.headers["location"])).text


async def test_what_was_refused_is_tried_again_from_its_stored_bytes(world, http):
    """Without a dead letter to send back, the same bytes are submitted as the next version."""
    document_id = world.add_document()
    version(world, document_id, "refused")
    world.claims.blobs.bytes["acme", "sha256:a"] = b"old"

    async def stored(*_):
        return Stored("sha256:a", 3, "leave.md", "text/markdown", 1)

    world.reads.stored = stored
    answer = await http.post(f"/console/library/documents/{document_id}/retry")
    assert answer.headers["location"].endswith("?done=retrying")
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, SubmitDocument)
    assert (envelope.event.document_id, envelope.event.size_bytes) == (document_id, 3)


async def test_what_failed_is_sent_back_by_an_operator(world, http):
    """Who may operate redrives the dead letters of the document instead."""
    document_id = world.add_document()
    version(world, document_id, "failed")
    world.reads.add_letters(1, document_id=document_id)
    answer = await http.post(f"/console/library/documents/{document_id}/retry")
    assert answer.status_code == 303
    (envelope,) = await world.sent()
    assert type(envelope.event).__name__ == "RedriveDeadLetters"
    assert envelope.event.selection == {"document_id": str(document_id)}


async def test_what_went_well_is_not_tried_again(world, http):
    """There is nothing to try again, and nothing is published."""
    document_id = world.add_document()
    version(world, document_id, "indexed")
    answer = await http.post(f"/console/library/documents/{document_id}/retry")
    assert answer.status_code == 409
    assert "There is nothing to try again" in answer.text
    assert not world.publisher.sent


async def test_a_job_is_cancelled(world, http):
    """By the same command as everywhere."""
    document_id, job_id = world.add_document(), world.add_job()
    await world.key_ring.create("acme", document_id)
    jobs = world.reads.of_jobs["acme"]
    jobs[job_id] = Job(**{**jobs[job_id].model_dump(), "document_id": document_id})
    answer = await http.post(f"/console/library/documents/{document_id}/jobs/{job_id}/cancel")
    assert answer.headers["location"].endswith("?done=cancelling")
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, CancelJob)


async def test_a_job_that_failed_can_be_cancelled_one_that_succeeded_not(world, http):
    """What was made of its version would stay otherwise, so the page of the document offers it."""
    document_id, failed, done = world.add_document(), world.add_job(), world.add_job()
    jobs = world.reads.of_jobs["acme"]
    for job_id, state in ((failed, "failed"), (done, "succeeded")):
        changed = {"document_id": document_id, "state": state, "ended": True}
        jobs[job_id] = Job(**{**jobs[job_id].model_dump(), **changed})
    page = (await http.get(f"/console/library/documents/{document_id}")).text
    assert [f"/jobs/{job_id}/cancel" in page for job_id in (failed, done)] == [True, False]


async def test_a_job_that_ended_meanwhile_is_shown_as_it_is(world, http):
    """Here and in Operations: there was nothing left to cancel, and nobody is led to a page of errors."""
    document_id, job_id = world.add_document(), world.add_job()
    jobs = world.reads.of_jobs["acme"]
    jobs[job_id] = Job(**{**jobs[job_id].model_dump(), "document_id": document_id, "state": "succeeded", "ended": True})
    for here, there in (
        (f"/console/library/documents/{document_id}/jobs/{job_id}/cancel", f"/console/library/documents/{document_id}"),
        (f"/console/operations/jobs/{job_id}/cancel", f"/console/operations/jobs/{job_id}"),
    ):
        answer = await http.post(here, data={"reason": "not wanted"})
        assert answer.headers["location"] == f"{there}?done=ended_before"
    assert not world.publisher.sent


async def test_a_search_shows_what_was_found_and_why(world, http):
    """Hits with their place in the text, and the trail names them and the mark of the words, not the words."""
    world.add_hits(2)
    answer = await http.get("/console/library/search", params={"q": "leave"})
    assert answer.status_code == 200
    hit = world.reads.hits["acme"][0]
    assert (
        f"/console/library/documents/{hit.document_id}/text?version=1&amp;chunk=0&amp;start=0&amp;end=5#c0"
        in answer.text
    )
    assert "Why this hit?" in answer.text
    [entry] = [e for e in world.trail.entries() if e.action == "search"]
    assert {touched.document_id for touched in entry.documents} == {h.document_id for h in world.reads.hits["acme"]}
    assert entry.query_mark
    assert "leave" not in str(entry)


@pytest.mark.parametrize("wrong", [{"mode": "telepathy"}, {"since": "yesterday"}, {"until": "9999-12-31"}])
async def test_a_search_that_is_not_valid_says_so(http, wrong):
    """A page names what is wrong; it is no error of ours."""
    answer = await http.get("/console/library/search", params={"q": "leave", **wrong})
    assert answer.status_code == 422
    assert "This cannot be done so" in answer.text


async def test_searching_is_for_those_who_may_read_the_list_too(world):
    """The tabs show what the key may do: searching is a scope of its own."""
    world.keys.add("seeker", "acme", Scope.SEARCH)
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "seeker"})
        answer = await client.get("/console")
        assert answer.headers["location"] == "/console/library/search"
        assert 'href="/console/library"' not in (await client.get("/console/library/search")).text


async def test_who_searches_before_there_is_any_document_is_told_so(world, http):
    """With the way to upload some; once there is one, what was not found is to be said otherwise."""
    for asked in ({}, {"q": "leave"}):
        page = (await http.get("/console/library/search", params=asked)).text
        assert "No document yet" in page
        assert 'class="button main" href="/console/library"' in page
    world.add_document()
    page = (await http.get("/console/library/search", params={"q": "leave"})).text
    assert "Nothing found" in page
    assert "No document yet" not in page
