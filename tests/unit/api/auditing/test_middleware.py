"""What a request leaves in the trail."""

import hashlib
from uuid import UUID, uuid4

import pytest

from muniment.api.auditing import marks
from muniment.api.auditing.denials import EACH
from muniment.schemas.audit import MOST_DOCUMENTS, DocumentTouched
from muniment.schemas.codec import decode
from muniment.schemas.error_codes import ErrorCode

SECRET = hashlib.sha256(b"acme").digest()
KEY = {"Idempotency-Key": '"one"'}


async def test_a_search_leaves_what_it_showed_and_a_mark_of_its_words(world):
    """Documents, versions and chunks by their ids; the words themselves are nowhere in the record."""
    world.add_hits(3)
    async with world.client() as http:
        answer = await http.get("/v1/search", params={"q": "parental leave", "mode": "text"}, headers=world.mine)
        await http.post("/v1/search", json={"q": "parental leave", "mode": "text"}, headers=world.mine)
    one, other = world.trail.entries()
    hits = answer.json()["hits"]
    shown = tuple(DocumentTouched(UUID(h["document_id"]), h["version"], (h["ordinal"],)) for h in hits)
    assert (one.action, one.actor, one.outcome, one.status) == ("search", "key:id-mine", "done", 200)
    assert one.documents == shown
    assert one.document_count == 3
    assert one.query_mark == other.query_mark == marks.mark(SECRET, marks.QUERY, "parental leave")
    assert not any(b"parental" in record.value for record in world.trail.records)


async def test_an_entry_says_from_where_by_network_and_mark(world):
    """The address as it was seen is in no entry; whoever has a guess can test it."""
    document_id = world.add_document()
    async with world.client() as http:
        await http.get(f"/v1/documents/{document_id}", headers=world.mine | {"User-Agent": "Mozilla/5.0 (X11)"})
    (entry,) = world.trail.entries()
    assert (entry.network, entry.agent) == ("127.0.0.1", "browser")
    assert entry.address_mark == marks.mark(SECRET, marks.ADDRESS, "127.0.0.1")
    assert (entry.kind, entry.entity) == ("document", str(document_id))
    assert entry.documents == (DocumentTouched(document_id, 1, ()),)


async def test_an_entry_is_part_of_the_trace_and_names_its_command(world):
    """The trace of the request, and as correlation the command that it published."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    given = world.mine | {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    async with world.client() as http:
        answer = await http.post("/v1/documents", json={"text": "hello"}, headers=given)
    envelope = decode(world.trail.records[0], lambda _: None)
    assert envelope.meta.traceparent.split("-")[1] == trace
    assert str(envelope.meta.correlation_id) == answer.json()["job_id"]
    assert str(envelope.event.documents[0].document_id) == answer.json()["document_id"] == envelope.event.entity
    assert envelope.meta.tenant == "acme"


async def test_reasons_about_the_house_are_kept_and_those_about_documents_are_not(world):
    """What is sealed in a command is not in clear beside it."""
    document_id = world.add_document()
    async with world.client() as http:
        said = {"value": False, "reason": "the workers leak"}
        await http.put("/v1/flags/durable_worker", json=said, headers=world.operator)
        await http.delete(f"/v1/documents/{document_id}", params={"reason": "it names Ann"}, headers=world.mine)
    flag, deletion = world.trail.entries()
    assert (flag.action, flag.entity, flag.reason) == ("flag.set", "durable_worker", "the workers leak")
    assert (deletion.action, deletion.reason) == ("document.delete", "")
    assert b"Ann" not in world.trail.records[1].value


async def test_denied_requests_are_entered_but_not_all_of_them(world):
    """So many a minute of one kind; the rest is counted."""
    async with world.client() as http:
        for _ in range(EACH + 5):
            assert (await http.get("/v1/documents")).status_code == 401
        assert (await http.get("/v1/search", params={"q": "x"}, headers=world.reader)).status_code == 403
    *unknown, forbidden = world.trail.entries()
    assert [(e.actor, e.outcome, e.status) for e in unknown] == [("unknown", "denied", 401)] * EACH
    assert (forbidden.actor, forbidden.outcome, forbidden.action) == ("key:id-reader", "denied", "search")
    assert not forbidden.documents


async def test_nothing_goes_out_when_the_trail_cannot_be_written(world):
    """A read is answered 503, without a word of what was asked for; so is a command, which is safe to repeat."""
    world.add_hits(1)
    world.trail.full = True
    async with world.client() as http:
        read = await http.get("/v1/search", params={"q": "leave"}, headers=world.mine)
        command = await http.post("/v1/documents", json={"text": "hello"}, headers=world.mine)
    assert (read.status_code, read.json()["code"]) == (503, "disk_full")
    assert "hits" not in read.json()
    assert command.status_code == 503


async def test_what_the_trail_leaves_out_leaves_nothing(world):
    """Health, jobs and flags show nothing personal."""
    async with world.client() as http:
        for path in ("/health", "/v1/jobs", "/v1/whoami", "/openapi.json", "/nothing"):
            await http.get(path, headers=world.mine)
    assert world.trail.records == []


async def test_a_failure_is_entered_as_one(world):
    """The outcome tells what was at fault."""
    world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
    async with world.client() as http:
        await http.post("/v1/documents", json={"text": "hello"}, headers=world.mine)
        await http.get(f"/v1/documents/{uuid4()}", headers=world.mine)
    away, missing = world.trail.entries()
    assert (away.outcome, away.status) == ("failed", 503)
    assert (missing.outcome, missing.status) == ("refused", 404)


async def test_what_nobody_caught_is_entered(world):
    """A crash leaves a trace of its own, though there is no answer of the application."""
    world.reads.fails = RuntimeError("a bug")
    async with world.client() as http:
        assert (await http.get("/v1/documents", headers=world.mine)).status_code == 500
    (entry,) = world.trail.entries()
    assert (entry.action, entry.outcome, entry.status) == ("document.list", "failed", 500)


async def test_a_long_list_is_named_whole_in_several_entries(world):
    """An entry has a bound; the number of documents does not, and each is found by whoever asks for it."""
    listed = {world.add_document() for _ in range(MOST_DOCUMENTS + 20)}
    async with world.client() as http:
        await http.get("/v1/documents", headers=world.mine)
    entries = world.trail.entries()
    assert [(len(one.documents), one.document_count) for one in entries] == [(MOST_DOCUMENTS,) * 2, (20, 20)]
    assert {shown.document_id for one in entries for shown in one.documents} == listed


@pytest.mark.parametrize("tenant", ["mine", "theirs"])
async def test_marks_of_tenants_differ(world, tenant):
    """Nobody learns from the log that two tenants asked the same."""
    async with world.client() as http:
        await http.get("/v1/search", params={"q": "x", "mode": "text"}, headers=getattr(world, tenant))
    secret = hashlib.sha256({"mine": b"acme", "theirs": b"umbrella"}[tenant]).digest()
    assert world.trail.entries()[0].query_mark == marks.mark(secret, marks.QUERY, "x")
