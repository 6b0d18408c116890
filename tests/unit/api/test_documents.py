"""Submitting, reading and deleting documents over HTTP."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from muniment.api.reads import Stored
from muniment.schemas.commands import DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.metadata import lane_of


async def test_a_file_becomes_a_sealed_command_and_its_bytes_a_claim(world):
    """An upload is answered 202 with job, document and token once the command is on the log."""
    async with world.client() as http:
        answer = await http.post(
            "/v1/documents",
            headers=world.mine,
            data={"title": "Leave", "metadata": '{"project": "handbook"}', "lane": "bulk"},
            files={"file": ("C:\\files\\휴가.md", b"# Leave")},
        )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{body['job_id']}"
    assert answer.headers["muniment-position"] == body["position"]
    (envelope,) = await world.sent()
    command = envelope.event
    assert isinstance(command, SubmitDocument)
    assert (command.file_name, command.title, command.lane) == ("휴가.md", "Leave", "bulk")
    assert command.metadata == {"project": "handbook"}
    assert world.claims.blobs.bytes["acme", command.blob] == b"# Leave"
    assert world.claims.claims == [("acme", UUID(body["document_id"]), UUID(body["job_id"]), "original")]
    assert str(envelope.meta.event_id) == str(envelope.meta.correlation_id) == body["job_id"]
    assert envelope.meta.tenant == "acme"
    assert envelope.meta.actor == "key:id-mine"
    assert envelope.meta.traceparent == answer.headers["traceparent"]
    assert b"Leave" not in world.publisher.sent[0].value


async def test_the_log_line_of_a_command_joins_request_and_job(world):
    """One line carries the ids of the request and those of the job, so that one leads to the other."""
    async with world.client() as http:
        with capture_logs(processors=[merge_contextvars]) as lines:
            answer = await http.post("/v1/documents", headers=world.mine, json={"text": "a"})
    line = next(line for line in lines if line["event"] == "command_published")
    assert line["job_id"] == line["correlation_id"] == answer.json()["job_id"]
    assert line["document_id"] == answer.json()["document_id"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["trace_id"] in answer.headers["traceparent"]
    assert line["tenant"] == "acme"


async def test_text_is_a_document_too(world):
    """A JSON body with text is stored as UTF-8 under the document id it names."""
    document_id = str(uuid4())
    async with world.client() as http:
        answer = await http.post(
            "/v1/documents", headers=world.mine, json={"text": "본문", "document_id": document_id, "file_name": "a.md"}
        )
    assert answer.status_code == 202
    assert answer.json()["document_id"] == document_id
    assert list(world.claims.blobs.bytes.values()) == ["본문".encode()]


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": {"url": "ftp://example.org/a.pdf"}}, 422, "invalid_request"),
        ({"json": {"url": "http://user:secret@example.org/"}}, 422, "invalid_request"),
        ({"json": {"url": "https://example.org/", "text": "a"}}, 422, "invalid_request"),
        ({"json": {"url": "https://example.org/", "file_name": "a.md"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"url": "https://example.org/"}}, 422, "invalid_request"),
        ({"json": {"text": ""}}, 422, "invalid_request"),
        ({"json": {"text": "a\u0000b"}}, 422, "invalid_request"),
        ({"json": {"text": "a", "unknown": 1}}, 422, "invalid_request"),
        ({"json": {"text": "a", "metadata": {"a": 1}}}, 422, "invalid_request"),
        ({"json": ["text"]}, 422, "invalid_request"),
        ({"json": {"text": "a" * 60_000}}, 413, "payload_too_large"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "invalid_request"),
        ({"content": b"[" * 9000, "headers": {"content-type": "application/json"}}, 422, "invalid_request"),
        ({"content": b"a", "headers": {"content-type": "text/plain"}}, 415, "unsupported_media_type"),
        ({"content": b""}, 415, "unsupported_media_type"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"")}}, 422, "empty_upload"),
        ({"files": {"other": ("a.txt", b"a")}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"metadata": "{"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"metadata": "[1]"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"document_id": "7"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.txt", b"a" * 100_001)}}, 413, "too_large"),
        ({"files": [("file", (f"{i}.txt", b"a" * 90_000)) for i in range(4)]}, 413, "payload_too_large"),
        ({"files": [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]}, 422, "invalid_request"),
        ({"files": {"title": (None, b"a title")}}, 422, "missing_file"),
    ],
)
async def test_what_cannot_be_taken_in_is_told_and_nothing_is_published(world, request_, status, code):
    """A request that is not valid is a problem with what to do, and leaves neither command nor bytes."""
    headers = world.mine | request_.pop("headers", {})
    async with world.client() as http:
        answer = await http.post("/v1/documents", headers=headers, **request_)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["what_to_do"]
    assert not world.publisher.sent
    assert not world.claims.blobs.bytes


async def test_a_log_that_is_away_is_503_and_keeps_the_bytes(world):
    """The command may be on the log all the same, so what it names must stay."""
    world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
    async with world.client() as http:
        answer = await http.post("/v1/documents", headers=world.mine, json={"text": "a"})
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert len(world.claims.claims) == 1


async def test_a_command_that_cannot_be_sent_gives_its_claim_back(world):
    """When it is certain that nothing was published, nothing stays claimed."""
    world.publisher.fails = ErrorCode.RECORD_TOO_LARGE
    async with world.client() as http:
        answer = await http.post("/v1/documents", headers=world.mine, json={"text": "a"})
    assert (answer.status_code, answer.json()["code"]) == (413, "record_too_large")
    assert not world.claims.claims


async def test_nothing_is_taken_for_a_document_that_is_being_erased(world):
    """It would be sealed under a key that goes: 409 says when to come again, and other items of a batch are taken."""
    document, sent = uuid4(), {"text": "a"}
    world.erasures.erasing.add(document)
    async with world.client() as http:
        alone = await http.post("/v1/documents", headers=world.mine, json=sent | {"document_id": str(document)})
        assert (alone.status_code, alone.json()["code"]) == (409, "erasure_under_way")
        assert int(alone.headers["retry-after"]) >= 1
        assert (world.publisher.sent, world.claims.claims, world.key_ring.keys) == ([], [], {})
        both = [sent | {"document_id": str(document)}, sent]
        batch = (await http.post("/v1/documents/batch", headers=world.mine, json=both)).json()
        refused = await http.post("/v1/documents/batch", headers=world.mine, json=both[:1])
    assert [(item["problem"] or {}).get("code") for item in batch["items"]] == ["erasure_under_way", None]
    assert (batch["accepted"], refused.status_code, refused.json()["accepted"]) == (1, 202, 0)
    assert len(world.publisher.sent) == 1


@pytest.mark.parametrize("given", [{"text": "a"}, {"url": "https://example.org/a"}])
async def test_nothing_is_taken_under_the_id_of_a_draft(world, given):
    """It would be sealed under the draft's key, and an erasure of the document would take that: nothing is kept."""
    draft, free = uuid4(), uuid4()
    world.erasures.others[draft] = "draft"
    async with world.client() as http:
        about = {"document_id": str(draft), "subject": "anna"}
        answer = await http.post("/v1/documents", headers=world.mine, json=given | about)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
        assert f"{draft} is the id of a draft" in answer.text
        assert (world.publisher.sent, world.claims.claims, world.key_ring.keys) == ([], [], {})
        assert world.erasures.named == {}
        taken = await http.post("/v1/documents", headers=world.mine, json=given | {"document_id": str(free)})
    assert taken.status_code == 202, taken.text


async def test_an_erasure_that_begins_while_bytes_are_stored_stops_the_submission(world, monkeypatch):
    """An upload may take minutes: what was stored is given back, and nothing is published."""
    document, put = uuid4(), world.claims.put

    async def slow(*given):
        world.erasures.erasing.add(document)
        return await put(*given)

    monkeypatch.setattr(world.claims, "put", slow)
    async with world.client() as http:
        given = {"text": "a", "document_id": str(document)}
        answer = await http.post("/v1/documents", headers=world.mine, json=given)
    assert (answer.status_code, answer.json()["code"]) == (409, "erasure_under_way")
    assert (world.publisher.sent, world.claims.claims) == ([], [])


async def test_a_batch_has_a_result_for_each_item(world):
    """Many files or texts in one request are many commands and one token."""
    async with world.client() as http:
        files = [("file", (f"{i}.txt", b"text %d" % i)) for i in range(3)]
        uploaded = await http.post("/v1/documents/batch", headers=world.mine, files=files)
        texts = [{"text": "a", "title": "t"}, {"text": "b"}]
        written = await http.post("/v1/documents/batch", headers=world.mine, json=texts)
        none = await http.post("/v1/documents/batch", headers=world.mine, json=[])
        one = await http.post("/v1/documents/batch", headers=world.mine, json={"text": "a"})
    assert uploaded.status_code == written.status_code == 202
    assert [i["file_name"] for i in uploaded.json()["items"]] == ["0.txt", "1.txt", "2.txt"]
    assert all(i["job_id"] for i in uploaded.json()["items"])
    assert uploaded.headers["muniment-position"] == uploaded.json()["position"]
    assert written.json()["accepted"] == 2
    assert len(world.publisher.sent) == 5
    assert none.status_code == one.status_code == 422


async def test_a_batch_of_which_nothing_was_accepted_is_503(world):
    """When the log is away the whole batch failed, and says so in its status."""
    world.publisher.fails = ErrorCode.LOG_UNAVAILABLE
    async with world.client() as http:
        answer = await http.post("/v1/documents/batch", headers=world.mine, json=[{"text": "a"}, {"text": "b"}])
    assert answer.status_code == 503


async def test_large_uploads_reach_the_store_in_pieces(world):
    """An upload is never handed on as a whole."""
    from muniment.api.submissions.requests import PIECE

    world.app.state.dependencies = type(world.dependencies())(
        **{f: getattr(world.dependencies(), f) for f in world.dependencies().__dataclass_fields__ if f != "settings"}
    )
    async with world.client() as http:
        answer = await http.post("/v1/documents", headers=world.mine, files={"file": ("a.bin", bytes(3_000_000))})
    assert answer.status_code == 202
    assert world.claims.largest_piece == PIECE


async def test_a_broken_upload_publishes_nothing(world):
    """A client that goes away in the middle of its upload leaves neither bytes nor command."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf'
    messages = [{"type": "http.request", "body": head, "more_body": True}, {"type": "http.disconnect"}]
    answered = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        answered.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"authorization", b"Bearer mine")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/documents",
        "raw_path": b"/v1/documents",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("muniment", 80),
        "http_version": "1.1",
    }
    await world.app(scope, receive, send)
    assert not world.publisher.sent
    assert not world.claims.blobs.bytes


async def test_a_version_is_of_a_document_that_exists(world):
    """A new version goes to the document in the address, and only to one of the tenant."""
    mine, theirs = world.add_document(), world.add_document("umbrella")
    async with world.client() as http:
        done = await http.post(f"/v1/documents/{mine}/versions", headers=world.mine, json={"text": "new"})
        other = await http.post(
            f"/v1/documents/{mine}/versions", headers=world.mine, json={"text": "new", "document_id": str(uuid4())}
        )
        strange = await http.post(f"/v1/documents/{theirs}/versions", headers=world.mine, json={"text": "new"})
    assert done.status_code == 202
    assert done.json()["document_id"] == str(mine)
    assert other.status_code == 422
    assert strange.status_code == 404
    assert len(world.publisher.sent) == 1


async def test_delete_is_a_command(world):
    """Deleting answers 202 with a job; the reason travels sealed."""
    document_id = world.add_document()
    await world.key_ring.create("acme", document_id)
    async with world.client() as http:
        answer = await http.delete(f"/v1/documents/{document_id}?reason=outdated", headers=world.mine)
        again = await http.delete(f"/v1/documents/{uuid4()}", headers=world.mine)
    assert answer.status_code == 202
    (envelope,) = await world.sent()
    assert isinstance(envelope.event, DeleteDocument)
    assert envelope.event.reason == "outdated"
    assert again.status_code == 404


async def test_content_is_a_download(world):
    """The original bytes come back as an attachment that no browser shows in place."""
    document_id = world.add_document()
    world.reads.stores["acme", document_id] = Stored("sha256:00", 3, 'a"\n휴가.html', "text/html", 1)
    world.claims.blobs.bytes["acme", "sha256:00"] = b"abc"
    async with world.client() as http:
        answer = await http.get(f"/v1/documents/{document_id}/content", headers=world.mine)
        world.claims.blobs.bytes.clear()
        gone = await http.get(f"/v1/documents/{document_id}/content", headers=world.mine)
    assert answer.content == b"abc"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''a%22%0A")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (gone.status_code, gone.json()["code"]) == (410, "blob_missing")


async def test_documents_are_read(world):
    """List, one, and its versions."""
    document_id = world.add_document()
    async with world.client() as http:
        listed = await http.get("/v1/documents", headers=world.mine)
        one = await http.get(f"/v1/documents/{document_id}", headers=world.mine)
        versions = await http.get(f"/v1/documents/{document_id}/versions", headers=world.mine)
        malformed = await http.get("/v1/documents/7", headers=world.mine)
    assert [d["document_id"] for d in listed.json()["items"]] == [str(document_id)] == [one.json()["document_id"]]
    assert versions.json()["items"][0]["version"] == 1
    assert malformed.status_code == 422
    assert "7" not in json.dumps(malformed.json()["errors"])


async def test_an_address_becomes_a_sealed_command(world):
    """Nothing is stored and nobody is asked yet; the job and the document are known at once."""
    async with world.client() as http:
        answer = await http.post(
            "/v1/documents",
            headers=world.mine,
            json={"url": "https://example.org/leave.pdf", "title": "Leave", "metadata": {"a": "b"}, "lane": "bulk"},
        )
    assert answer.status_code == 202, answer.text
    (envelope,) = await world.sent()
    assert envelope.event == SubmitUrl(
        document_id=UUID(answer.json()["document_id"]), url="https://example.org/leave.pdf", title="Leave",
        metadata={"a": "b"}, lane="bulk",
    )  # fmt: skip
    assert (str(envelope.meta.event_id), envelope.meta.lane) == (answer.json()["job_id"], "bulk")
    assert world.claims.claims == []
    assert b"example.org" not in world.publisher.sent[0].value


async def test_an_address_may_be_the_next_version_or_one_of_a_batch(world):
    """Beside texts; what is wrong with one is told with its place."""
    document_id = world.add_document()
    async with world.client() as http:
        version = await http.post(
            f"/v1/documents/{document_id}/versions", headers=world.mine, json={"url": "https://example.org/b"}
        )
        batch = await http.post(
            "/v1/documents/batch", headers=world.mine, json=[{"text": "a"}, {"url": "https://example.org/c.md"}]
        )
        wrong = await http.post(
            "/v1/documents/batch", headers=world.mine, json=[{"text": "a"}, {"url": "gopher://example.org/"}]
        )
    assert version.json()["document_id"] == str(document_id)
    assert [item["file_name"] for item in batch.json()["items"]] == ["document.txt", "c.md"]
    events = [envelope.event for envelope in await world.sent()]
    assert [e.url for e in events if isinstance(e, SubmitUrl)] == ["https://example.org/b", "https://example.org/c.md"]
    assert wrong.json()["errors"][0]["where"] == "body.1.url"


async def test_an_import_is_taken_in_after_what_somebody_waits_for(world):
    """While an urgent document is on its way onto the log, one of an import stands; then it is accepted, too."""
    begun, go_on, send = asyncio.Event(), asyncio.Event(), world.publisher.send

    async def slowly(record):
        if lane_of(record) == "interactive":
            begun.set()
            await go_on.wait()
        return await send(record)

    world.publisher.send = slowly
    async with world.client() as http:

        def give(lane):
            return asyncio.create_task(http.post("/v1/documents", headers=world.mine, json={"text": "a", "lane": lane}))

        urgent = give("interactive")
        await begun.wait()
        of_an_import = give("bulk")
        assert (await give("normal")).status_code == 202
        assert not of_an_import.done()
        go_on.set()
        assert {(await urgent).status_code, (await of_an_import).status_code} == {202}
    assert [lane_of(record) for record in world.publisher.sent] == ["normal", "interactive", "bulk"]
