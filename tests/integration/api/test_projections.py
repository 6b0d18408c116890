"""Passing an event by over HTTP: a command that is decided and on the record."""

from typing import Any

import httpx2
from served_api import Served

from muniment.api.position import from_token


def outcome(api: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    """What was decided on a command that was taken in."""
    assert answer.status_code == 202, answer.text
    found = api.get(answer.headers["location"], headers={"Muniment-Position": answer.headers["muniment-position"]})
    decided: dict[str, Any] = found.json()
    return decided


def test_an_event_is_skipped_and_taken_back(served: Served) -> None:
    """The decision shows with its place and reason; what names no read model or no place is refused at once."""
    path = "/v1/projections/history"
    with served.client() as api:
        [place] = from_token(api.post("/v1/documents", json={"text": "broken", "title": "Broken"}).json()["position"])
        named = f"{place.topic.split('/')[0]}:{place.partition}:{place.offset}"
        body = {"place": named, "reason": "written by a broken tool"}
        first = outcome(api, api.post(f"{path}/skips", json=body))
        assert (first["outcome"], first["events"][0]["kind"]) == ("accepted", "event_skipped")
        assert first["events"][0]["details"]["place"] == named
        back = outcome(api, api.post(f"{path}/unskips", json=body | {"reason": "mended"}))
        assert back["events"][0]["reason"] == "mended"
        unknown = api.post("/v1/projections/nothing/skips", json=body)
        assert (unknown.status_code, "documents" in unknown.text) == (404, True)
        later = f"{named.rpartition(':')[0]}:987654"
        for wrong, status in (("documents 3", 422), (later, 404), ("muniment.jobs:0:0", 404)):
            assert api.post(f"{path}/skips", json=body | {"place": wrong}).status_code == status
