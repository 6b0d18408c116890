"""The trail on real parts: what a caller did is there for the auditor a moment later."""

import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from served_api import Served
from support.until import until


def entries(api: httpx2.Client, wanted: int, **params: Any) -> list[dict[str, Any]]:
    """So many entries at least, once they are there."""
    items: list[dict[str, Any]] = []

    def there() -> bool:
        answer = api.get("/v1/audit", params=params)
        assert answer.status_code == 200, answer.text
        items[:] = answer.json()["items"]
        return len(items) >= wanted

    until(f"{wanted} entries for {params}", there)
    return items


def submitted(api: httpx2.Client) -> dict[str, Any]:
    """A document that search has."""
    sent = api.post("/v1/documents", json={"text": "leave", "title": f"Leave {uuid4()}"}).json()
    until("the job has ended", lambda: api.get(f"/v1/jobs/{sent['job_id']}").json().get("ended"))
    return sent


def test_what_was_done_with_a_document_is_found_by_it(served: Served) -> None:
    """Submission, search, download and deletion, each with who, from where, and its job or trace."""
    with served.client() as api:
        sent = submitted(api)
        document_id = sent["document_id"]
        words = f"days of leave {uuid4()}"
        hits = api.get("/v1/search", params={"q": words, "document_id": document_id}).json()["hits"]
        assert hits
        # Documents are another read model than jobs, which may be a moment behind.
        shown = {"Muniment-Position": sent["position"]}
        assert api.get(f"/v1/documents/{document_id}/content", headers=shown).status_code == 200
        api.delete(f"/v1/documents/{document_id}")
        found = entries(api, 4, document_id=document_id)
        by_action = {one["action"]: one for one in found}
        assert by_action.keys() == {"document.submit", "search", "document.download", "document.delete"}
        actor = f"key:{served.mine.split('_')[1]}"
        assert {(one["actor"], one["tenant"], one["outcome"], one["network"]) for one in found} == {
            (actor, "acme", "done", "127.0.0.1")
        }
        assert by_action["document.submit"]["correlation_id"] == sent["job_id"]
        (shown,) = by_action["search"]["documents"]
        assert (shown["document_id"], shown["version"], shown["chunks"]) == (document_id, 1, [hits[0]["ordinal"]])
        assert by_action["document.download"]["documents"][0]["version"] == 1
        # A guess of the words, or of the address, can be tested; near misses find nothing.
        assert [one["action"] for one in entries(api, 1, query=words)] == ["search"]
        assert entries(api, 0, query=words + "?") == []
        assert len(entries(api, 4, document_id=document_id, address="127.0.0.1")) == 4
        assert entries(api, 0, document_id=document_id, address="127.0.0.2") == []
        assert [one["action"] for one in entries(api, 1, correlation_id=sent["job_id"])] == ["document.submit"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"action": "document.*"}, {"document.submit"}),
        ({"action": "document"}, set()),
        ({"outcome": "refused"}, set()),
        ({"kind": "flag"}, set()),
        ({"from": "2100-01-01T00:00:00Z"}, set()),
        ({"to": "2100-01-01T00:00:00Z"}, {"document.submit"}),
        ({"tenant": "house"}, set()),
        ({"tenant": "own"}, {"document.submit"}),
        ({"actor": "cli:nobody"}, set()),
    ],
)
def test_filters(served: Served, params: dict[str, str], expected: set[str]) -> None:
    """Each takes away what it should, and nothing else."""
    with served.client() as api:
        document_id = submitted(api)["document_id"]
        entries(api, 1, document_id=document_id)
        found = api.get("/v1/audit", params={"document_id": document_id, **params}).json()["items"]
    assert {one["action"] for one in found} == expected


def test_the_export_is_the_list_line_by_line(served: Served) -> None:
    """Past the longest page, newest first; pages follow one another without a gap."""
    with served.client() as api:
        sent = submitted(api)
        document_id = sent["document_id"]
        for _ in range(12):
            api.get(f"/v1/documents/{document_id}", headers={"Muniment-Position": sent["position"]})
        entries(api, 13, document_id=document_id)
        answer = api.get("/v1/audit/export", params={"document_id": document_id})
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        paged, cursor = [], None
        while True:
            page = api.get("/v1/audit", params={"document_id": document_id, "limit": 5, "cursor": cursor or ()}).json()
            paged += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert lines == paged
        assert len(lines) == 13
        assert [one["at"] for one in lines] == sorted((one["at"] for one in lines), reverse=True)


def test_a_tenant_sees_its_own_and_the_houses_entries(served: Served) -> None:
    """Nobody else's; callers without a key are the house's, and reading the trail is in it."""
    with served.client() as api, served.client(served.theirs) as others, served.client("nonsense") as nobody:
        document_id = submitted(api)["document_id"]
        entries(api, 1, document_id=document_id)
        assert entries(others, 0, document_id=document_id) == []
        assert nobody.get("/v1/search", params={"q": "x"}).status_code == 401
        denied = entries(others, 1, outcome="denied", tenant="house")
        assert {(one["actor"], one["action"], one["status"]) for one in denied} >= {("unknown", "search", 401)}
        assert {one["tenant"] for one in entries(others, 1, action="audit.read")} == {"umbrella"}
