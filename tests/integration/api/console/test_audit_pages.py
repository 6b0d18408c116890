"""What auditors see by pages, on real parts: the past as it was, where a sentence comes from, who saw it."""

import re

import pytest
from pages import Pages
from served_api import Served
from support.until import until


@pytest.fixture(scope="module")
def told(served: Served) -> dict[str, str]:
    """A document with two versions, deleted after that."""
    with served.client() as api:
        sent = api.post("/v1/documents", json={"text": "25 days of leave", "title": "Leave then"}).json()
        settled(api, sent)
        token = {"Muniment-Position": sent["position"]}
        path = f"/v1/documents/{sent['document_id']}"
        second = api.post(f"{path}/versions", json={"text": "30 days", "title": "Leave now"}, headers=token).json()
        settled(api, second)
        gone(api, sent["document_id"], second["position"])
    return sent


def settled(api, done) -> None:
    asked = f"/v1/jobs/{done['job_id']}", {"Muniment-Position": done["position"]}
    until("its job has ended", lambda: api.get(asked[0], headers=asked[1]).json().get("ended"))


def gone(api, document_id: str, position: str) -> None:
    """Delete a document, and wait until its history says so."""
    done = api.delete(f"/v1/documents/{document_id}", headers={"Muniment-Position": position}).json()
    after = {"Muniment-Position": done["position"]}
    assert api.get(f"/v1/documents/{document_id}", headers=after).status_code == 404
    # A history has the command itself: the token waits for that, and what it led to may be folded a moment later.
    path = f"/v1/documents/{document_id}/history"
    until("its history says so", lambda: "DocumentDeleted" in api.get(path, headers=after).text)


def test_an_id_leads_to_a_timeline(served: Served, told: dict[str, str]) -> None:
    """Of a document and of a job; of what is nobody's here, nothing."""
    with Pages(served) as me:
        life = me.get("/audit/find", q=told["document_id"])
        for event in ("SubmitDocument", "DocumentIndexed", "DocumentDeleted"):
            assert event in life
        assert "deleted on request" in life
        assert "The life of a job" in me.get("/audit/find", q=told["job_id"])
        for nobodys in ("2f6c9d0e-4f0b-4a57-9a36-0d2f5cf6a2f1", "abc", ""):
            assert me.http.get("/console/audit/find", params={"q": nobodys}).status_code == 404
    with Pages(served, served.theirs) as stranger:
        assert stranger.http.get(f"/console/audit/documents/{told['document_id']}").status_code == 404


def test_the_slider_shows_a_document_as_it_was(served: Served, told: dict[str, str]) -> None:
    """At its first stops the first title, later the second, at the end that it is not there."""
    path = f"/audit/documents/{told['document_id']}"
    with Pages(served) as me:
        [last] = re.findall(r'type="range"[^>]+max="(\d+)"', me.get(path))
        shown = [me.get(f"{path}/then", stop=number) for number in range(int(last) + 1)]
    titles = [(re.findall(r"<dt>Title</dt><dd>([^<]+)<", one) or ["none"])[0] for one in shown]
    assert titles[-1] == "none"
    assert "no such document" in shown[-1]
    seen = list(dict.fromkeys(titles))
    assert seen[seen.index("Leave then") :] == ["Leave then", "Leave now", "none"]


def test_the_slider_shows_a_project_an_episode_and_a_draft_as_they_were(served: Served) -> None:
    """Titles and order, brief and script, state and text after each event; at the end that they are not there."""
    with served.client() as api, Pages(served) as me:
        sent = api.post("/v1/documents", json={"text": "b", "title": "The sea"}).json()
        settled(api, sent)
        project = api.post("/v1/projects", json={"title": "Tides then"}).json()["project_id"]
        address = f"/v1/projects/{project}"
        api.post(f"{address}/documents", json={"add": [sent["document_id"]]}).raise_for_status()
        one = api.post(f"{address}/episodes", json={"title": "One", "brief": "the moon"}).json()["episode_id"]
        api.post(f"{address}/episodes", json={"title": "Two", "position": 0}).raise_for_status()
        written = api.post(f"{address}/episodes/{one}/drafts", json={"brief": "why"}).json()
        with api.stream("GET", f"/v1/drafts/{written['draft_id']}/events") as events:
            assert list(events.iter_lines())
        text = api.get(f"/v1/drafts/{written['draft_id']}").json()["text"].split()[0]
        api.post(f"/v1/drafts/{written['draft_id']}/commit").raise_for_status()
        api.patch(address, json={"title": "Tides now"}).raise_for_status()
        assert api.delete(address, params={"cascade": True}).status_code == 204
        until("its history says so", lambda: "ProjectDeleted" in api.get(f"{address}/history").text)
        shown = {
            kind: after_each(me, f"/audit/{kind}s/{which}")
            for kind, which in (("project", project), ("episode", one), ("draft", written["draft_id"]))
        }
    titles = [(re.findall(r"<dt>Title</dt><dd>([^<]+)<", page) or ["none"])[0].strip() for page in shown["project"]]
    assert list(dict.fromkeys(titles)) == ["none", "Tides then", "Tides now"]
    assert titles[-1] == "none"
    last = shown["project"][-2]
    assert last.index(">Two<") < last.index(">One<") < last.index("Version 1")
    assert "the moon" in shown["episode"][-1]
    assert any("No script yet" in page for page in shown["episode"])
    assert "Version 1" in shown["episode"][-1]
    assert any(text in page for page in shown["draft"])
    assert any("Being written" in page and text not in page for page in shown["draft"])


def after_each(me: Pages, path: str) -> list[str]:
    """What the slider of a timeline shows at each of its stops."""
    [last] = re.findall(r'type="range"[^>]+max="(\d+)"', me.get(path))
    return [me.get(f"{path}/then", stop=number) for number in range(int(last) + 1)]


def test_the_list_is_shown_as_it_was(served: Served, told: dict[str, str]) -> None:
    """A deleted document is there at a moment before, and not now; a moment to come is refused."""
    del told
    with served.client() as api, Pages(served) as me:
        sent = api.post("/v1/documents", json={"text": "b", "title": "Seen in the past"}).json()
        settled(api, sent)
        at = me.http.get("/console/audit/past").text
        moment = re.search(r'name="until" value="([^"]+)"', at)[1]
        gone(api, sent["document_id"], sent["position"])
        assert "Seen in the past" in me.get("/audit/past", at=moment)
        assert "Seen in the past" in me.get("/audit/past", until=moment, step=240, window="hour")
        assert "Seen in the past" not in me.get("/audit/past")
        assert me.http.get("/console/audit/past", params={"at": "2999-01-01T00:00:00"}).status_code == 422


def test_a_sentence_leads_to_its_upload_and_back(served: Served) -> None:
    """Found by its words, a passage is drawn and listed with batch, text, version and upload, each provable."""
    with served.client() as api, Pages(served) as me:
        sent = api.post("/v1/documents", json={"text": "x", "title": "Where from"}).json()
        settled(api, sent)
        me.until(sent["document_id"], "/audit/lineage", q="twenty-five days of leave")
        # Passages, versions and history are folded apart from each other.
        history = f"/v1/jobs/{sent['job_id']}/history"
        until("its history is whole", lambda: "DocumentIndexed" in api.get(history).text)
        until("its batch is in it", lambda: "ChunksPrepared" in api.get(history).text)
        path = f"/v1/documents/{sent['document_id']}"
        until("documents have it", lambda: api.get(path).json().get("status") == "indexed")
        way = me.get(f"/audit/lineage/{sent['document_id']}", version=1, passage=0, q="twenty-five days")
        assert "<mark>twenty-five days</mark>" in way
        listed = way[way.index('class="way') :]
        kinds = re.findall(r'<span class="muted">([^<]+)</span>', listed)
        assert [kinds.index(k) for k in ("Upload", "Version", "Text read", "Batch", "Passage")] == [0, 1, 2, 3, 4]
        assert listed.count("/console/audit/evidence?position=muniment.") >= 3
        assert way.count('class="line"') == 4
        back = me.get(f"/audit/lineage/{sent['document_id']}")
        assert back.count('class="line"') == 4
        me.until("document.lineage", "/audit/trail", action="document.*", document=sent["document_id"])
    with Pages(served, served.theirs) as stranger:
        assert stranger.http.get(f"/console/audit/lineage/{sent['document_id']}").status_code == 404


def test_the_trail_is_read_and_taken_along(served: Served) -> None:
    """Narrowed to an action; the file has a line an entry."""
    with Pages(served) as me:
        me.until("session.begin", "/audit/trail", action="session.*")
        answer = me.http.get("/console/audit/trail/export", params={"action": "session.begin"})
        assert answer.headers["content-disposition"].startswith("attachment")
        assert all('"action":"session.begin"' in line for line in answer.text.splitlines())
        assert answer.text.count("\n") >= 1


def test_what_is_not_sealed_yet_is_told(served: Served) -> None:
    """A place that is none, and one that nobody sealed, each say so; the page is whole all the same."""
    with Pages(served) as me:
        assert "This is no place of the log" in me.get("/audit/evidence", position="nonsense")
        assert "nothing of muniment.documents:0 was sealed" in me.get(
            "/audit/evidence", position="muniment.documents:0:1"
        )
        assert me.http.get("/console/audit/proof", params={"position": "muniment.documents:0:1"}).status_code == 404
        assert "No replay and no verification is under way" in me.get("/audit/replays")
        assert me.get("/audit")
