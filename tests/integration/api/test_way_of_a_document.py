"""A document over HTTP, from its upload to its deletion, on real parts."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest
from support.until import until

MODES = ("text", "vector", "hybrid")
OPEN = ("/health", "/metrics", "/problems", "/catalogue", "/asyncapi.json")
HOUSE = ("/v1/flags", "/v1/steps", "/v1/breakers", "/v1/operations", "/v1/embedding-models", "/v1/projections")
HOUSE += ("/v1/checkpoints", "/v1/proofs")
"""What is the whole house's, and not a tenant's."""
BODIES = {
    "/v1/search": {"q": "leave"},
    "/v1/dead-letters/{dead_letter_id}/edit": {"patch": [{"op": "remove", "path": "/title"}], "reason": "why"},
    "/v1/redrives/{redrive_id}/stop": {"reason": "why"},
    "/v1/projects/{project_id}": {"title": "a"},
    "/v1/projects/{project_id}/documents": {"add": []},
    "/v1/projects/{project_id}/episodes": {"title": "a"},
    "/v1/projects/{project_id}/episodes/{episode_id}": {"title": "a"},
    "/v1/projects/{project_id}/episodes/{episode_id}/drafts": {},
    "/v1/projects/{project_id}/episodes/{episode_id}/move": {"position": 0},
    "/v1/projects/{project_id}/episodes/{episode_id}/script/restore": {"number": 1},
    "/v1/drafts/{draft_id}/discard": {},
}


def settled(http: httpx2.Client, done: httpx2.Response) -> dict:
    """The job of an accepted command, once it has ended."""
    assert done.status_code == 202, done.text
    position = {"Muniment-Position": done.headers["muniment-position"]}

    def ended() -> dict | None:
        job = http.get(done.headers["location"], headers=position)
        assert job.status_code == 200, job.text
        return job.json() if job.json()["ended"] else None

    return until("the job has ended", ended)


def found(http: httpx2.Client, document_id: str, mode: str) -> list:
    """What a search finds of a document, once the read model is there."""

    def hits() -> list:
        answer = http.get("/v1/search", params={"q": "days of leave", "mode": mode, "document_id": document_id})
        assert answer.status_code == 200, answer.text
        return answer.json()["hits"]

    return until("search has it", hits)


def through(http: httpx2.Client, document_id: str, version: int) -> None:
    """Wait until documents have come to the end of a version: they are folded apart from jobs and from search."""
    path = f"/v1/documents/{document_id}"
    until("documents have it", lambda: http.get(path).json().get("active_version") == version)


def history_with(http: httpx2.Client, document_id: str, event: str, token: dict) -> list[dict]:
    """The history of a document once it holds an event: the command is there before what it led to."""
    items: list[dict] = []

    def there() -> bool:
        path = f"/v1/documents/{document_id}/history"
        items[:] = http.get(path, params={"limit": 200}, headers=token).json()["items"]
        return event in {item["event"] for item in items}

    until(f"its history has {event}", there)
    return items


def test_a_document_is_taken_in_found_read_replaced_and_deleted(served):
    """Each change is seen by the read that carries its token."""
    with served.client() as http:
        files = {"file": ("leave.md", b"# Leave\n25 days")}
        done = http.post("/v1/documents", files=files, data={"title": "Leave", "metadata": '{"project": "handbook"}'})
        job = settled(http, done)
        assert (job["state"], job["outcome"], job["tokens"]) == ("succeeded", "indexed", 9)
        document_id, token = done.json()["document_id"], {"Muniment-Position": done.headers["muniment-position"]}
        document = http.get(f"/v1/documents/{document_id}", headers=token).json()
        assert (document["title"], document["file_name"]) == ("Leave", "leave.md")
        for mode in ("text", "vector", "hybrid"):
            (hit,) = found(http, document_id, mode)
            assert (hit["document_id"], hit["page"], hit["heading"]) == (document_id, 1, "Leave")
        marks = [hit["text"][m["start"] : m["end"]] for m in hit["highlights"]]
        assert "leave" in marks
        assert http.get(f"/v1/documents/{document_id}/content").content == b"# Leave\n25 days"
        listed = http.get("/v1/documents", params={"q": "leave", "limit": 1}, headers=token).json()
        assert listed["items"][0]["document_id"] == document_id

        again = http.post(f"/v1/documents/{document_id}/versions", json={"text": "new"}, headers=token)
        settled(http, again)
        versions = http.get(
            f"/v1/documents/{document_id}/versions", headers={"Muniment-Position": again.json()["position"]}
        ).json()
        assert [v["version"] for v in versions["items"]] == [2, 1]

        gone = http.delete(f"/v1/documents/{document_id}")
        read = http.get(
            f"/v1/documents/{document_id}", headers={"Muniment-Position": gone.headers["muniment-position"]}
        )
        assert read.status_code == 404
        assert http.get(f"/v1/documents/{document_id}/content").status_code == 404


def test_the_past_is_answered_as_it_was_and_its_history_told(served):
    """After a replacement and a deletion: document, versions, jobs and search as of before, by time and by place."""
    with served.client() as http:
        done = http.post("/v1/documents", json={"text": "25 days of leave", "title": "Leave then"})
        settled(http, done)
        document_id, job_id = done.json()["document_id"], done.json()["job_id"]
        assert found(http, document_id, "text")
        through(http, document_id, 1)
        asked = [
            (f"/v1/documents/{document_id}", {}),
            (f"/v1/documents/{document_id}/versions", {}),
            ("/v1/documents", {"q": "leave then"}),
            (f"/v1/jobs/{job_id}", {}),
            ("/v1/jobs", {"document_id": document_id}),
            *[("/v1/search", {"q": "days of leave", "mode": m, "document_id": document_id}) for m in MODES],
        ]
        told = [answer(http, path, params) for path, params in asked]
        then = datetime.now(UTC).isoformat()
        token = {"Muniment-Position": done.headers["muniment-position"]}
        settled(http, http.post(f"/v1/documents/{document_id}/versions", json={"text": "new"}, headers=token))
        gone = http.delete(f"/v1/documents/{document_id}")
        token = {"Muniment-Position": gone.headers["muniment-position"]}
        assert http.get(f"/v1/documents/{document_id}", headers=token).status_code == 404
        history = history_with(http, document_id, "DocumentDeleted", token)
        [indexed, _] = [item for item in history if item["event"] == "DocumentIndexed"]
        for as_of in (then, indexed["position"]):
            assert [answer(http, path, params | {"as_of": as_of}) for path, params in asked] == told, as_of
        assert answer(http, "/v1/documents", {"q": "leave then", "as_of": "2020-01-01T00:00:00Z"})["items"] == []
    assert {"of": "version 1", "field": "status", "before": "chunked", "after": "indexed"} in indexed["changes"]
    assert [item["event"] for item in history][:2] == ["SubmitDocument", "DocumentSubmitted"]
    [deleted] = [item for item in history if item["event"] == "DocumentDeleted"]
    assert (deleted["reason"], deleted["causes"][-1]["event"]) == ("deleted on request", "DeleteDocument")
    assert deleted["actor"].startswith("key:")


def answer(http: httpx2.Client, path: str, params: dict) -> dict:
    """An answer without what differs every time."""
    given = http.get(path, params=params)
    assert given.status_code == 200, given.text
    return {name: value for name, value in given.json().items() if name != "took_ms"}


def test_pages_cover_everything_once(served):
    """Documents and jobs page through by cursor, and a cursor belongs to its listing."""
    with served.client() as http:
        batch = http.post("/v1/documents/batch", json=[{"text": f"text {i}", "title": f"t{i}"} for i in range(5)])
        token = {"Muniment-Position": batch.headers["muniment-position"]}
        wanted = {item["document_id"] for item in batch.json()["items"]}
        for path in ("/v1/documents", "/v1/jobs"):
            seen, cursor = [], None
            while True:
                page = http.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}), headers=token)
                assert page.status_code == 200, page.text
                seen += [item["document_id"] for item in page.json()["items"]]
                cursor = page.json()["next_cursor"]
                if not cursor:
                    break
                assert http.get("/v1/dead-letters", params={"cursor": cursor}).status_code == 422
            assert wanted <= set(seen)
            assert path == "/v1/jobs" or len(seen) == len(set(seen))
        ids = [item["job_id"] for item in batch.json()["items"]]
        assert {j["job_id"] for j in http.get("/v1/jobs", params={"job_id": ids}).json()["items"]} == set(ids)


def test_a_position_that_is_never_reached_is_told(served):
    """A token of the future is answered with how far the read model is from it."""
    from muniment.api.position import to_token
    from muniment.schemas.record import Position
    from muniment.schemas.topics import COMMANDS_DOCUMENTS

    token = to_token([Position(COMMANDS_DOCUMENTS.name, 0, 10**6)])
    with served.client() as http:
        answer = http.get("/v1/documents", params={"position": token, "wait": 0.3})
    assert (answer.status_code, answer.json()["code"]) == (503, "read_model_behind")
    assert 10**5 < answer.json()["behind_records"] <= 10**6 + 1


NOBODYS = {
    "dead_letter_id": "0-99", "redrive_id": uuid4(), "operation_id": uuid4(), "erasure_id": uuid4(),
    "subject": "nobody", "data_key_id": uuid4(), "project_id": uuid4(), "episode_id": uuid4(), "draft_id": uuid4(),
    "command_id": uuid4(), "number": 1,
}  # fmt: skip


def test_a_stranger_sees_nothing(served):
    """Every route, by the route table: another tenant's key gets what it would get for ids that never were."""
    with served.client() as http, served.client(served.theirs) as stranger:
        done = http.post("/v1/documents", json={"text": "secret leave", "title": "Secret"})
        settled(http, done)
        ids = {k: done.json()[k] for k in ("job_id", "document_id")} | NOBODYS
        assert found(http, ids["document_id"], "hybrid")
        for path, item in served.app.openapi()["paths"].items():
            for method in item:
                # Streams have tests of their own.
                if path.startswith((*OPEN, *HOUSE, "/v1/whoami")) or path.endswith("/events"):
                    continue
                changes = method in {"post", "patch"}
                if changes and (path.startswith("/v1/documents") or path not in BODIES):
                    continue
                # The trail refuses what is no filter of it.
                params = {"q": "leave"} if "search" in path else {"theirs": str(uuid4())} if "audit" not in path else {}
                body = {"json": BODIES[path]} if changes else {}
                answer = stranger.request(method, path.format(**ids), params=params, **body)
                if "{" in path:
                    assert answer.status_code == 404, (method, path, answer.text)
                else:
                    told = [] if path.startswith("/v1/audit") else answer.json()
                    assert (told and told.get("items", told.get("hits"))) == [], (method, path)
                if path.startswith("/v1/audit"):
                    # A stranger's own asking is on the trail, and nobody else's.
                    assert '"tenant":"umbrella"' in answer.text
                    assert '"tenant":"acme"' not in answer.text
                assert "ecret" not in answer.text
        assert stranger.get("/v1/jobs", params={"job_id": ids["job_id"]}).json()["items"] == []
        version = stranger.post(f"/v1/documents/{ids['document_id']}/versions", json={"text": "mine now"})
        assert version.status_code == 404
        # Taking the same id makes a document of the stranger's own.
        taken = stranger.post("/v1/documents", json={"text": "b", "title": "T", "document_id": ids["document_id"]})
        settled(stranger, taken)
        seen = {"Muniment-Position": done.headers["muniment-position"]}
        assert http.get(f"/v1/documents/{ids['document_id']}", headers=seen).json()["title"] == "Secret"


@pytest.mark.parametrize("key", ["", "mun_" + "a" * 12 + "_" + "0" * 64])
def test_an_unknown_key_is_refused(served, key):
    """401 with a challenge."""
    with served.client(key or "x") as http:
        answer = http.get(f"/v1/jobs/{uuid4()}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
