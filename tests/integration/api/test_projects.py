"""Projects and episodes through the API: decided, folded, and answered with what is so then."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest
from served_api import Served
from support.until import until


@pytest.fixture
def mine(served: Served):
    """A client of the first tenant."""
    with served.client() as http:
        yield http


def begun(http: httpx2.Client, title: str = "The tides") -> dict:
    """A new project."""
    answer = http.post("/v1/projects", json={"title": title, "description": "Six episodes"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/projects/{answer.json()['project_id']}"
    assert answer.headers["etag"] == '"1"'
    return answer.json()


def episode(http: httpx2.Client, project: dict, title: str, **more) -> dict:
    """A new episode."""
    answer = http.post(f"/v1/projects/{project['project_id']}/episodes", json={"title": title, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def entry(http: httpx2.Client, history: str, event: str) -> dict:
    """The last entry of a history, once it is of this event: a history is folded for itself."""
    return until(
        f"it ends with {event}",
        lambda: next((one for one in http.get(history).json()["items"][-1:] if one["event"] == event), None),
    )


def indexed(http: httpx2.Client, document: str) -> None:
    """Wait until nothing more comes of a document: what is read of it then is what will be read of this moment."""
    asked = {"q": "leave", "document_id": document}
    until("documents have it", lambda: http.get(f"/v1/documents/{document}").json().get("status") == "indexed")
    until("search has it", lambda: http.get("/v1/search", params=asked).json()["hits"])


def titles(http: httpx2.Client, project: dict, **params) -> list[str]:
    """The episodes of a project in their order."""
    answer = http.get(f"/v1/projects/{project['project_id']}/episodes", params=params)
    return [one["title"] for one in answer.json()["items"]]


def test_a_project_is_created_read_changed_and_deleted(mine):
    """What an answer says of a project is what a read says at once."""
    project = begun(mine)
    address = f"/v1/projects/{project['project_id']}"
    assert mine.get(address).json() == project
    changed = mine.patch(address, json={"description": None, "title": "Tides and moons"})
    assert (changed.json()["title"], changed.json()["description"]) == ("Tides and moons", "Six episodes")
    assert changed.headers["etag"] == mine.get(address).headers["etag"] == '"2"'
    assert changed.headers["muniment-position"]
    assert project["project_id"] in {p["project_id"] for p in mine.get("/v1/projects?q=moons").json()["items"]}
    gone = mine.delete(address, params={"reason": "no longer wanted"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert mine.get(address).status_code == 404
    assert mine.patch(address, json={"title": "a"}).json()["code"] == "not_found"


def test_of_two_changes_made_from_one_reading_exactly_one_is_made(mine, served):
    """The other is answered 412 with what there is by then, and changes nothing."""
    address = f"/v1/projects/{begun(mine)['project_id']}"

    def rename(title: str) -> httpx2.Response:
        with served.client() as http:
            return http.patch(address, json={"title": title}, headers={"If-Match": '"1"'})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(rename, "abcdef"))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 5]
    [won] = [answer for answer in answers if answer.status_code == 200]
    assert mine.get(address).json()["title"] == won.json()["title"]
    for lost in (answer for answer in answers if answer.status_code == 412):
        assert (lost.json()["code"], lost.json()["revision"], lost.headers["etag"]) == ("revision_mismatch", 2, '"2"')


@pytest.mark.parametrize(("tag", "status"), [("*", 200), ('"1"', 200), ('"9"', 412), ('W/"1"', 422), ("1", 422)])
def test_if_match_is_one_entity_tag(mine, tag, status):
    """Anything else is said to be wrong, and nothing is changed."""
    address = f"/v1/projects/{begun(mine)['project_id']}"
    answer = mine.patch(address, json={"title": "b"}, headers={"If-Match": tag})
    assert answer.status_code == status, answer.text
    assert (mine.get(address).json()["title"] == "b") == (status == 200)


def test_episodes_have_an_order(mine):
    """They are put where they are asked for, moved among the others, and paged in that order."""
    project = begun(mine)
    first, second = episode(mine, project, "one"), episode(mine, project, "two")
    episode(mine, project, "zero", position=0)
    assert titles(mine, project) == ["zero", "one", "two"]
    address = f"/v1/projects/{project['project_id']}/episodes"
    moved = mine.post(f"{address}/{second['episode_id']}/move", json={"position": 0})
    assert (moved.json()["place"], moved.headers["etag"]) == (0, '"2"')
    assert mine.post(f"{address}/{second['episode_id']}/move", json={"position": 0}).json() == moved.json()
    assert titles(mine, project) == ["two", "zero", "one"]
    page = mine.get(address, params={"limit": 2}).json()
    rest = mine.get(address, params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [one["title"] for one in (*page["items"], *rest["items"])] == ["two", "zero", "one"]
    late = mine.patch(f"{address}/{second['episode_id']}", json={"brief": "b"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert mine.delete(f"{address}/{first['episode_id']}").status_code == 204
    assert titles(mine, project) == ["two", "zero"]


def test_what_has_episodes_is_deleted_with_cascade_only(mine):
    """Else the answer says what to do, and everything stays."""
    project = begun(mine)
    made = episode(mine, project, "one")
    address = f"/v1/projects/{project['project_id']}"
    refused = mine.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_empty")
    assert titles(mine, project) == ["one"]
    assert mine.delete(address, params={"cascade": True}).status_code == 204
    assert mine.get(f"{address}/episodes/{made['episode_id']}").status_code == 404


def test_a_project_is_read_as_it_was(mine, served):
    """By the place of an event or its time: title, order, documents, a search within it; also once it is deleted."""
    taken = mine.post("/v1/documents", json={"text": "The moon pulls.", "title": "Moon"})
    document, token = taken.json()["document_id"], {"Muniment-Position": taken.headers["muniment-position"]}
    for read in ("/v1/documents", "/v1/search?q=moon"):
        assert mine.get(read, headers=token).status_code == 200
    indexed(mine, document)
    project = begun(mine)
    address = f"/v1/projects/{project['project_id']}"
    asked = [
        (address, {}),
        (f"{address}/episodes", {}),
        (f"{address}/documents", {}),
        ("/v1/projects", {"document_id": document}),
        ("/v1/documents", {"project_id": project["project_id"]}),
        ("/v1/search", {"q": "leave", "mode": "text", "project_id": project["project_id"]}),
    ]

    def told(**then: str) -> list:
        answers = [mine.get(path, params={**params, **then}) for path, params in asked]
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        return [{k: v for k, v in answer.json().items() if k != "took_ms"} for answer in answers]

    one, _ = episode(mine, project, "one"), episode(mine, project, "two")
    mine.post(f"{address}/documents", json={"add": [document]}).raise_for_status()
    before = told()
    last = entry(mine, f"{address}/history", "ProjectDocumentsChanged")
    assert before[5]["hits"]
    mine.post(f"{address}/episodes/{one['episode_id']}/move", json={"position": 1}).raise_for_status()
    mine.patch(address, json={"title": "Other"}).raise_for_status()
    mine.delete(f"{address}/documents/{document}").raise_for_status()
    assert told()[5]["hits"] == []
    assert mine.delete(address, params={"cascade": True}).status_code == 204
    for then in (last["position"], last["at"]):
        assert told(as_of=then) == before
    assert mine.get(address).status_code == 404
    with served.client(served.theirs) as theirs:
        assert theirs.get(address, params={"as_of": last["position"]}).status_code == 404


def test_what_is_archived_is_read_and_not_changed(mine):
    """Until it is restored."""
    project = begun(mine)
    address = f"/v1/projects/{project['project_id']}"
    assert mine.post(f"{address}/archive").json()["archived"] is True
    assert mine.post(f"{address}/archive").status_code == 200
    for refused in (mine.patch(address, json={"title": "b"}), mine.post(f"{address}/episodes", json={"title": "b"})):
        assert (refused.status_code, refused.json()["code"]) == (409, "archived")
    ids = {p["project_id"] for p in mine.get("/v1/projects?archived=true").json()["items"]}
    assert project["project_id"] in ids
    assert project["project_id"] not in {
        p["project_id"] for p in mine.get("/v1/projects?archived=false").json()["items"]
    }
    restored = mine.post(f"{address}/restore")
    assert (restored.json()["archived"], restored.headers["etag"]) == (False, '"3"')
    one = episode(mine, project, "one")
    assert mine.post(f"{address}/episodes/{one['episode_id']}/archive").json()["archived"] is True
    assert titles(mine, project, archived=False) == []


def test_documents_are_put_in_and_taken_out(mine):
    """Those that there are; the others are named, and nothing happens."""
    token = mine.post("/v1/documents", json={"text": "The moon pulls.", "title": "Moon"})
    document_id = token.json()["document_id"]
    position = {"Muniment-Position": token.headers["muniment-position"]}
    project = begun(mine)
    address = f"/v1/projects/{project['project_id']}/documents"
    nobody = str(uuid4())
    refused = mine.post(address, json={"add": [document_id, nobody]}, headers=position)
    assert (refused.status_code, refused.json()["document_ids"]) == (404, [nobody])
    added = mine.post(address, json={"add": [document_id]}, headers=position)
    assert (added.status_code, added.json()["documents"], added.headers["etag"]) == (200, 1, '"1"')
    [member] = mine.get(address).json()["items"]
    assert (member["document_id"], member["title"]) == (document_id, "Moon")
    listed = mine.get("/v1/projects", params={"document_id": document_id}).json()["items"]
    assert [p["project_id"] for p in listed] == [project["project_id"]]
    assert mine.delete(f"{address}/{document_id}").json()["documents"] == 0
    assert mine.delete(f"{address}/{document_id}").status_code == 200
    assert mine.post(address, json={}).status_code == 422


def test_a_repeat_with_its_key_happens_once(mine):
    """The same request with the same key has one project, and the first answer."""
    key = {"Idempotency-Key": f'"{uuid4()}"'}
    answers = [mine.post("/v1/projects", json={"title": "Once"}, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


def test_what_became_of_a_command_can_be_asked_for(mine):
    """By its id: the fact that it led to, or why it was decided against."""
    project = begun(mine)
    refused = mine.patch(
        f"/v1/projects/{project['project_id']}", json={"title": "b"}, headers={"If-Match": '"7"'}
    ).json()
    told = mine.get(f"/v1/projects/{project['project_id']}/commands/{refused['command_id']}").json()
    assert (told["event"], told["code"], told["revision"]) == ("ProjectCommandRejected", "revision_mismatch", 1)
    assert mine.get(f"/v1/projects/{uuid4()}/commands/{refused['command_id']}").status_code == 404


def test_another_tenants_projects_are_not_there(served, mine):
    """They are neither listed nor found, nor can anything be done to them."""
    project = begun(mine, "Ours alone")
    made = episode(mine, project, "one")
    address = f"/v1/projects/{project['project_id']}"
    with served.client(served.theirs) as theirs:
        assert theirs.get("/v1/projects").json()["items"] == []
        below = f"{address}/episodes/{made['episode_id']}"
        answers = [
            theirs.get(address),
            theirs.patch(address, json={"title": "b"}),
            theirs.delete(address, params={"cascade": True}),
            theirs.post(f"{address}/archive"),
            theirs.get(f"{address}/documents"),
            theirs.post(f"{address}/documents", json={"remove": [str(uuid4())]}),
            theirs.get(f"{address}/episodes"),
            theirs.post(f"{address}/episodes", json={"title": "b"}),
            theirs.get(below),
            theirs.delete(below),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert mine.get(address).json()["title"] == "Ours alone"


def test_what_is_submitted_into_a_project_is_searched_and_listed_there(mine):
    """As a form, as JSON and in a batch; a search within the project sees its documents only."""
    project = begun(mine)["project_id"]
    form = mine.post("/v1/documents", files={"file": ("a.md", b"# A\n\na")}, data={"project_id": project})
    text = mine.post("/v1/documents", json={"text": "b", "project_id": project})
    batch = mine.post("/v1/documents/batch", json=[{"text": "c", "project_id": project}, {"text": "elsewhere"}])
    ids = {form.json()["document_id"], text.json()["document_id"], batch.json()["items"][0]["document_id"]}
    for answer in (form, text, batch):
        assert answer.status_code == 202, answer.text
        token = {"Muniment-Position": answer.headers["muniment-position"]}
        for read in (f"/v1/projects/{project}", "/v1/documents", "/v1/search?q=leave"):
            assert mine.get(read, headers=token).status_code == 200
    token = {"Muniment-Position": batch.headers["muniment-position"]}
    listed = mine.get("/v1/documents", params={"project_id": project}, headers=token).json()["items"]
    assert {one["document_id"] for one in listed} == ids
    elsewhere = {item["document_id"] for item in batch.json()["items"]}
    for document in ids | elsewhere:
        # The token is seen with the submission: what came of that, search may have a moment later.
        indexed(mine, document)
    for asked in ({"mode": "hybrid"}, {"mode": "text"}, {"mode": "vector"}):
        question = {"q": "leave", "project_id": project, "k": 100, **asked}
        found = mine.post("/v1/search", json=question, headers=token)
        assert {hit["document_id"] for hit in found.json()["hits"]} == ids, asked
        assert mine.get("/v1/search", params=question).json()["hits"] == found.json()["hits"]
    assert len(mine.get("/v1/search", params={"q": "leave", "k": 100}).json()["hits"]) > len(ids)


def test_nothing_is_submitted_into_a_project_that_takes_nothing(mine):
    """One that is not there, or archived: nothing is accepted."""
    project = begun(mine)["project_id"]
    mine.post(f"/v1/projects/{project}/archive")
    title = f"Nowhere {uuid4()}"
    for asked, status in ((project, 409), (str(uuid4()), 404)):
        sent = mine.post("/v1/documents", json={"text": "b", "title": title, "project_id": asked})
        assert sent.status_code == status, sent.text
    assert mine.get("/v1/search", params={"q": "leave", "project_id": str(uuid4())}).status_code == 404
    after = mine.post("/v1/documents", json={"text": "b", "title": "After that"})
    position = {"Muniment-Position": after.headers["muniment-position"]}
    assert mine.get("/v1/documents", params={"q": title}, headers=position).json()["items"] == []


def test_what_was_answered_about_a_deleted_project_loses_its_words(mine: httpx2.Client) -> None:
    """A repeat of what made it is answered with its ids still, and so makes no other; titles and briefs are gone."""
    keys = [{"Idempotency-Key": f'"{uuid4()}"'} for _ in range(2)]
    asked = {"json": {"title": "quagga"}, "headers": keys[0]}
    made = mine.post("/v1/projects", **asked)
    assert made.status_code == 201, made.text
    address = f"/v1/projects/{made.json()['project_id']}"
    below = {"json": {"title": "quagga one", "brief": "quagga?"}, "headers": keys[1]}
    assert mine.post(f"{address}/episodes", **below).status_code == 201
    assert mine.delete(address, params={"cascade": True}).status_code == 204
    repeats = mine.post("/v1/projects", **asked), mine.post(f"{address}/episodes", **below)
    assert [one.headers["idempotency-replayed"] for one in repeats] == ["true", "true"]
    assert repeats[0].json() == made.json() | {"title": "[redacted]"}
    assert "quagga" not in repeats[1].text
