"""Documents that cannot be taken say why; uploads that cannot be read are told at once."""

import io
import zipfile

import pytest
from support.formats import pdf
from support.stack import Api


def archive(**entries: bytes) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return buffer.getvalue()


REFUSED = {
    "program.bin": (b"\x7fELF\x02\x01\x01" + bytes(200), {"type_not_allowed"}),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), {"type_not_allowed"}),
    "packed.zip": (archive(a=b"x" * 10), {"type_not_allowed"}),
    "half.pdf": (pdf(["one", "two"])[:300], {"unreadable_document", "type_not_allowed"}),
    "blank.txt": (b"   \n\n\t  \n", {"no_text", "empty_document"}),
    "blank.pdf": (pdf([""]), {"no_text", "empty_document"}),
    "noise.txt": (bytes(range(1, 256)) * 20, {"type_not_allowed", "unreadable_document"}),
    "virus.txt": (
        rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        {"malware"},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_at_fault_is_refused_with_its_reason(api: Api, name: str) -> None:
    """Its job ends as refused with a code and a reason, its document says the same, and it is no dead letter."""
    data, codes = REFUSED[name]
    done = api.submit(data, name)
    job = api.ended(done)
    assert (job["state"], job["outcome"]) == ("refused", "refused"), job
    assert job["error"]["code"] in codes, job["error"]
    assert job["error"]["reason"]
    document = api.get(f"/v1/documents/{done['document_id']}")
    assert (document["status"], document["active_version"]) == ("refused", None)
    assert document["error"]["code"] == job["error"]["code"]
    assert api.get("/v1/dead-letters")["items"] == []


def test_a_refused_document_can_be_mended(api: Api) -> None:
    """The next version of it is read like any other."""
    done = api.submit(b"  \n ", "broken.json")
    assert api.ended(done)["state"] == "refused"
    api.indexed(b'{"a": "jasperwren"}', "mended.json", document_id=done["document_id"])
    assert api.search("jasperwren", mode="text")[0]["version"] == 2


def test_bad_requests_are_answered_as_problems(api: Api) -> None:
    """Each with its status and code, as application/problem+json, and nothing comes of any."""
    key, http = {"Authorization": f"Bearer {api.key}"}, api.http
    long = {"text": "x", "metadata": {"a": "b" * 5000}}
    answers = {
        "empty_upload": (422, http.post("/v1/documents", files={"file": ("a.txt", b"")})),
        "missing_file": (422, http.post("/v1/documents", files={"file": (None, b"text")})),
        "unsupported_media_type": (415, http.post("/v1/documents", content=b"x", headers={"content-type": "text/x"})),
        "unauthorized": (401, http.get("/v1/documents", headers={"Authorization": "Bearer mun_no"})),
        "not_found": (404, http.get("/v1/jobs/00000000-0000-4000-8000-000000000000")),
        "no_such_route": (404, http.get("/v1/nothing", headers=key)),
        "method_not_allowed": (405, http.put("/v1/documents", headers=key)),
    }
    for wrong in (b"{", b"[]", b"3", b'{"text": ""}', b'{"text": "x", "unknown": 1}', b'{"text": 3}', b"\xff"):
        answer = http.post("/v1/documents", content=wrong, headers={"content-type": "application/json"})
        answers[f"invalid_request {wrong!r}"] = (422, answer)
    answers["invalid_request metadata"] = (422, http.post("/v1/documents", json=long))
    for code, (status, answer) in answers.items():
        assert answer.status_code == status, (code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", code
        assert answer.json()["code"] == code.split()[0], answer.text
    assert api.get("/v1/documents")["items"] == []
    assert api.get("/v1/jobs")["items"] == []


def test_a_file_over_the_limit_is_not_read_to_its_end(api: Api) -> None:
    """The limit of this stack is 64 MiB: one byte more is refused at once, as `too_large`, and nothing is stored."""
    size = 64 * 1024 * 1024 + 1
    answer = api.http.post("/v1/documents", files={"file": ("large.txt", io.BytesIO(b"a" * size))})
    assert (answer.status_code, answer.json()["code"]) in {(413, "too_large"), (413, "payload_too_large")}
    assert api.get("/v1/documents")["items"] == []
