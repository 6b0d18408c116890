"""Drafts and scripts through the API: written, streamed, revised, compared, committed, exported, and traced back."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from played_workers import TEXT
from played_writer import NOTHING, SENTENCES, UNWILLING
from served_api import Served
from support.until import until

WRITTEN = "".join(SENTENCES)


@pytest.fixture
def mine(served: Served) -> Iterator[httpx2.Client]:
    """A client of the first tenant."""
    with served.client() as http:
        yield http


@pytest.fixture
def document(mine: httpx2.Client) -> str:
    """A document that search sees, and the list of documents, too."""
    done = mine.post("/v1/documents", files={"file": ("leave.md", b"# Leave")}, data={"title": "Leave policy"}).json()
    settled(mine, done)
    path = f"/v1/documents/{done['document_id']}"
    # Documents are folded apart from jobs: what is read as it was then has to be through there, too.
    until("documents have it", lambda: mine.get(path).json().get("status") == "indexed")
    return str(done["document_id"])


@pytest.fixture
def episode(mine: httpx2.Client, document: str) -> str:
    """The address of an episode of a project that has the document."""
    begun = mine.post("/v1/projects", json={"title": "Handbook"})
    project = begun.json()["project_id"]
    # On a busy machine the decision may come later than the answer: what follows waits for it.
    shown = mine.get(f"/v1/projects/{project}", headers={"Muniment-Position": begun.headers["muniment-position"]})
    assert shown.status_code == 200, shown.text
    mine.post(f"/v1/projects/{project}/documents", json={"add": [document]}).raise_for_status()
    made = mine.post(f"/v1/projects/{project}/episodes", json={"title": "Leave, explained"})
    return f"/v1/projects/{project}/episodes/{made.json()['episode_id']}"


def entry(http: httpx2.Client, history: str, event: str) -> Any:
    """The last entry of a history, once it is of this event: a history is folded for itself."""
    return until(
        f"it ends with {event}",
        lambda: next((one for one in told(http.get(history))["items"][-1:] if one["event"] == event), None),
    )


def told(answer: httpx2.Response, status: int = 200) -> Any:
    """What an answer says, which has to be of this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def generated(http: httpx2.Client, episode: str, **asked: Any) -> dict[str, Any]:
    """A draft that was asked for, as it ended."""
    done = told(http.post(f"{episode}/drafts", json={"brief": "how leave is granted", **asked}), 202)
    events = list(stream(http, done["draft_id"]))
    assert events[-1][0] == "end"
    return told(http.get(f"/v1/drafts/{done['draft_id']}"))


def stream(http: httpx2.Client, draft_id: str, after: str = "") -> Iterator[tuple[str, str, Any]]:
    """The events of a draft until it has ended: kind, id, data."""
    headers = {"Last-Event-ID": after} if after else {}
    with http.stream("GET", f"/v1/drafts/{draft_id}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in "".join(answer.iter_text()).split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in lines:
                yield lines["event"], lines.get("id", ""), json.loads(lines["data"])


def settled(http: httpx2.Client, done: dict[str, Any]) -> None:
    """Wait until a job has ended, and search sees what it brought."""
    asked = f"/v1/jobs/{done['job_id']}", {"position": done["position"]}
    until("the job has ended", lambda: told(http.get(asked[0], params=asked[1]))["ended"])


def revised(http: httpx2.Client, draft_id: str, text: str) -> dict[str, Any]:
    """A person's edit of a draft."""
    return told(http.post(f"/v1/drafts/{draft_id}/revise", json={"text": text}), 201)


def test_a_draft_is_written_with_citations_that_lead_to_their_passages(
    mine: httpx2.Client, episode: str, document: str
) -> None:
    """Each mark names document, version, page and offsets; the one that leads nowhere is marked and not dropped."""
    draft = generated(mine, episode)
    assert (draft["state"], draft["text"], draft["brief"]) == ("written", WRITTEN, "how leave is granted")
    first, second = draft["citations"]
    about = {"document_id": document, "title": "Leave policy", "version": 1, "page": 1, "holds": True}
    assert {name: first[name] for name in about} == about
    assert (first["start"], first["end"], first["standing"]) == (0, 46, "active")
    assert (second["holds"], second["document_id"], second["standing"]) == (False, None, "nowhere")
    assert told(mine.get(first["passage"]))["text"] == TEXT
    listed = told(mine.get(f"{episode}/drafts", params={"draft_state": "written"}))["items"]
    assert [(one["draft_id"], "text" in one) for one in listed] == [(draft["draft_id"], False)]


def test_who_comes_late_is_told_the_text_so_far_and_who_comes_back_the_rest(mine: httpx2.Client, episode: str) -> None:
    """The pieces joined are the text; with the id of the first the second follows; then the outcome, and the end."""
    draft_id = generated(mine, episode)["draft_id"]
    events = list(stream(mine, draft_id))
    assert [kind for kind, _, _ in events] == ["snapshot", "end"]
    assert events[0][2]["text"] == events[1][2]["text"] == WRITTEN
    last = int(events[0][1])
    rest = list(stream(mine, draft_id, str(last - 1)))
    assert [(kind, data["text"]) for kind, _, data in rest] == [("token", SENTENCES[1]), ("end", WRITTEN)]
    assert [kind for kind, _, _ in stream(mine, draft_id, str(last))] == ["end"]
    lost = list(stream(mine, draft_id, "999999999"))
    assert lost[0][2]["text"] == WRITTEN, "a place that is not known any more"


def test_a_draft_that_went_with_its_project_is_still_held_about_who_asked_for_it(
    mine: httpx2.Client, served: Served, episode: str
) -> None:
    """Auditors can read it in the past, so whoever asks what is held about them is given its words."""
    draft = generated(mine, episode)
    project = episode.partition("/episodes")[0]
    gone = mine.delete(project, params={"cascade": "true", "reason": "over"})
    assert gone.status_code in {202, 204}, gone.text
    mine.get("/v1/projects", headers={"Muniment-Position": gone.headers["muniment-position"]}).raise_for_status()
    position = {"Muniment-Position": gone.headers["muniment-position"]}
    assert mine.get(f"/v1/drafts/{draft['draft_id']}", headers=position).status_code == 404
    answer = mine.get(f"/v1/subjects/key:{served.mine.split('_')[1]}/export")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = {one["draft_id"]: one for one in json.loads(archive.read("export.json"))["drafts"]}[draft["draft_id"]]
        assert (told["deleted"], archive.read(told["text"]).decode()) == (True, WRITTEN)


def test_a_refusal_is_the_end_of_a_stream_too(mine: httpx2.Client, episode: str) -> None:
    """It says why, and there is no text."""
    draft = generated(mine, episode, brief=NOTHING)
    assert (draft["state"], draft["code"], draft["text"], draft["citations"]) == ("refused", "nothing_found", None, [])


def test_what_a_refused_draft_has_cost_is_shown(mine: httpx2.Client, episode: str) -> None:
    """On the draft, in lists, in the exchange with its place on the log, in the history, and on the job."""
    draft = generated(mine, episode, brief=UNWILLING)
    assert (draft["state"], draft["code"]) == ("refused", "model_refused")
    assert (draft["tokens_in"], draft["tokens_out"], draft["cost_micros"]) == (30, 2, 4)
    [charge] = draft["charges"]
    assert (charge["attempt"], charge["code"], charge["cost_micros"], charge["estimated"]) == (
        1,
        "model_refused",
        4,
        False,
    )
    [listed] = told(mine.get(f"{episode}/drafts"))["items"]
    assert listed["cost_micros"] == 4
    path = f"/v1/drafts/{draft['draft_id']}"
    assert told(mine.get(f"{path}/exchange"))["charges"] == [charge]
    entry(mine, f"{path}/history", "DraftRefused")
    [said] = [one for one in told(mine.get(f"{path}/history"))["items"] if one["event"] == "DraftCharged"]
    assert (said["position"], said["reason"]) == (charge["position"], "model_refused")
    assert {(c["of"], c["field"], c["before"], c["after"]) for c in said["changes"]} == {
        ("draft", "tokens_in", None, 30),
        ("draft", "tokens_out", None, 2),
        ("draft", "cost_micros", None, 4),
    }
    assert told(mine.get(f"/v1/jobs/{draft['job_id']}"))["cost_micros"] == 4


def test_documents_that_are_not_the_project_s_are_refused(mine: httpx2.Client, episode: str) -> None:
    """Nothing is written from what nobody put into the project."""
    stranger = "11111111-1111-4111-8111-111111111111"
    answer = mine.post(f"{episode}/drafts", json={"document_ids": [stranger]})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_project")


def test_an_edit_is_another_draft_and_its_sources_are_inherited(
    mine: httpx2.Client, episode: str, document: str
) -> None:
    """The first stays as it was; which scripts used the document is told of both, and of what each goes back to."""
    first = generated(mine, episode)
    second = revised(mine, first["draft_id"], "Everyone has 25 days [1].\n")
    assert (second["kind"], second["based_on"], second["state"]) == ("revised", first["draft_id"], "written")
    assert told(mine.get(f"/v1/drafts/{first['draft_id']}"))["text"] == WRITTEN
    sources = told(mine.get(f"/v1/drafts/{second['draft_id']}/sources"))
    assert [(s["document_id"], s["version"], s["inherited"], s["standing"]) for s in sources["items"]] == [
        (document, 1, True, "active")
    ]
    assert sources["drafts"] == [first["draft_id"]]
    used = told(mine.get(f"/v1/documents/{document}/scripts"))["items"]
    assert [(u["draft"]["draft_id"], u["inherited"]) for u in used] == [
        (second["draft_id"], True),
        (first["draft_id"], False),
    ]
    page = told(mine.get(f"/v1/documents/{document}/scripts", params={"limit": 1}))
    after = told(mine.get(f"/v1/documents/{document}/scripts", params={"limit": 1, "cursor": page["next_cursor"]}))
    assert [one["draft"]["draft_id"] for one in page["items"] + after["items"]] == [
        u["draft"]["draft_id"] for u in used
    ]


def test_a_new_version_or_a_deletion_of_a_document_shows_where_it_was_used(
    mine: httpx2.Client, episode: str, document: str
) -> None:
    """The cited version is replaced, then deleted; the draft still says which one it was."""
    draft_id = generated(mine, episode)["draft_id"]
    done = told(mine.post(f"/v1/documents/{document}/versions", files={"file": ("leave.md", b"# New")}), 202)
    settled(mine, done)

    def standing() -> tuple[int, int, str]:
        [used] = told(mine.get(f"/v1/documents/{document}/scripts"))["items"]
        return used["version"], used["active_version"], used["standing"]

    until("documents say that it was replaced", lambda: standing() == (1, 2, "replaced"))
    assert told(mine.get(f"/v1/drafts/{draft_id}/passages/1"))["text"] == TEXT
    gone = told(mine.delete(f"/v1/documents/{document}"), 202)
    mine.get("/v1/documents", params={"position": gone["position"]}).raise_for_status()
    [used] = told(mine.get(f"/v1/documents/{document}/scripts"))["items"]
    assert used["standing"] == "deleted"
    assert told(mine.get(f"/v1/drafts/{draft_id}"))["citations"][0]["standing"] == "deleted"


def test_commit_restore_and_history(mine: httpx2.Client, episode: str) -> None:
    """Versions are numbered; to restore is to commit the older draft again; of two from one reading one is refused."""
    first = generated(mine, episode)["draft_id"]
    second = revised(mine, first, "Mine [1].\n")["draft_id"]
    assert mine.get(f"{episode}/script").status_code == 404
    read = mine.get(episode).headers["etag"]
    done = mine.post(f"/v1/drafts/{first}/commit", headers={"If-Match": read})
    assert (told(done)["number"], done.headers["etag"]) == (1, mine.get(episode).headers["etag"])
    late = mine.post(f"/v1/drafts/{second}/commit", headers={"If-Match": read})
    assert (late.status_code, late.json()["code"]) == (412, "revision_mismatch")
    assert told(mine.post(f"/v1/drafts/{second}/commit"))["number"] == 2
    script = told(mine.get(f"{episode}/script"))
    assert (script["number"], script["text"], script["citations"][0]["holds"]) == (2, "Mine [1].\n", True)
    assert told(mine.get(f"{episode}/script", params={"number": 1}))["text"] == WRITTEN
    back = told(mine.post(f"{episode}/script/restore", json={"number": 1}))
    assert (back["number"], back["draft_id"]) == (3, first)
    history = told(mine.get(f"{episode}/history"))["items"]
    assert [(v["number"], v["draft_id"]) for v in history] == [(3, first), (2, second), (1, first)]
    assert all(v["committed_by"].startswith("key:") and v["position"] for v in history)
    draft = told(mine.get(f"/v1/drafts/{first}"))
    assert (draft["numbers"], draft["current"]) == ([1, 3], True)
    refused = mine.post(f"/v1/drafts/{first}/discard", json={})
    assert refused.json()["code"] == "draft_committed"


def test_drafts_and_scripts_are_read_as_they_were(mine: httpx2.Client, episode: str, document: str) -> None:
    """Before the next version was committed, also once all is deleted: text, citations, sources, history, file."""
    first = generated(mine, episode)["draft_id"]
    done = mine.post(f"/v1/drafts/{first}/commit")
    seen = {"Muniment-Position": done.headers["muniment-position"]}
    paths = [
        episode,
        f"{episode}/drafts",
        f"{episode}/script",
        f"{episode}/history",
        f"/v1/drafts/{first}",
        f"/v1/drafts/{first}/sources",
        f"/v1/drafts/{first}/passages/1",
        f"/v1/documents/{document}/scripts",
    ]
    before = [told(mine.get(path, headers=seen)) for path in paths]
    file = mine.get(f"{episode}/script/export").content
    then = {"as_of": entry(mine, f"/v1/drafts/{first}/history", "DraftCommitted")["position"]}
    second = revised(mine, first, "Mine [1].\n")["draft_id"]
    told(mine.post(f"/v1/drafts/{second}/commit"))
    assert told(mine.get(f"{episode}/script"))["number"] == 2
    assert [told(mine.get(path, params=then)) for path in paths] == before
    gone = mine.delete(episode, params={"cascade": True})
    assert mine.get(paths[4], headers={"Muniment-Position": gone.headers["muniment-position"]}).status_code == 404
    assert [told(mine.get(path, params=then)) for path in paths] == before
    assert mine.get(f"{episode}/script/export", params=then).content == file
    assert mine.get(f"/v1/drafts/{second}", params=then).status_code == 404


def test_a_discarded_draft_stays_readable(mine: httpx2.Client, episode: str) -> None:
    """It says why it was put away; nothing is made of it any more."""
    draft_id = generated(mine, episode)["draft_id"]
    assert told(mine.post(f"/v1/drafts/{draft_id}/discard", json={"reason": "too long"}))["state"] == "discarded"
    draft = told(mine.get(f"/v1/drafts/{draft_id}"))
    assert (draft["reason"], draft["text"]) == ("too long", WRITTEN)
    assert mine.post(f"/v1/drafts/{draft_id}/commit").json()["code"] == "draft_not_ready"


def test_a_repeated_request_makes_one_draft(mine: httpx2.Client, episode: str) -> None:
    """With one Idempotency-Key the same draft and the same edit come back, however often it is sent."""
    key = {"Idempotency-Key": '"one-draft"'}
    asked = [told(mine.post(f"{episode}/drafts", json={}, headers=key), 202) for _ in range(2)]
    assert asked[0] == asked[1]
    draft_id = asked[0]["draft_id"]
    list(stream(mine, draft_id))
    again = {"Idempotency-Key": '"one-edit"'}
    edits = [mine.post(f"/v1/drafts/{draft_id}/revise", json={"text": "a"}, headers=again) for _ in range(2)]
    assert told(edits[0], 201)["draft_id"] == told(edits[1], 201)["draft_id"]
    assert len(told(mine.get(f"{episode}/drafts"))["items"]) == 2


def test_a_script_is_exported_with_what_does_not_hold_marked(mine: httpx2.Client, episode: str) -> None:
    """In each of three formats, of a draft and of the script, with its title and its version."""
    draft_id = generated(mine, episode)["draft_id"]
    mine.post(f"/v1/drafts/{draft_id}/commit").raise_for_status()
    text = mine.get(f"{episode}/script/export").text
    assert "# Leave, explained" in text
    assert 'edition: "version 1"' in text
    assert "[^1]: Leave policy, version 1, page 1, characters 0–46" in text
    assert "[^9]: Does not hold: no passage has this number" in text
    notes = mine.get(f"/v1/drafts/{draft_id}/export", headers={"Accept": "text/vnd.fountain"}).text
    assert "[[9: DOES NOT HOLD: no passage has this number]]" in notes
    word = mine.get(f"{episode}/script/export", params={"format": "docx", "number": 1})
    assert word.content.startswith(b"PK")
    assert "Leave%2C%20explained.docx" in word.headers["content-disposition"]


def test_an_auditor_sees_the_whole_exchange_as_it_lies_on_the_log(
    mine: httpx2.Client, episode: str, document: str
) -> None:
    """What was asked, put before the model and answered, each with its place; an edit shows whose it is."""
    draft_id = generated(mine, episode)["draft_id"]
    found = told(mine.get(f"/v1/drafts/{draft_id}/exchange"))
    assert found["asked"]["brief"] == "how leave is granted"
    assert found["prompted"]["messages"] == [{"role": "user", "content": "write"}]
    assert (found["prompted"]["model"], found["prompted"]["memory_token_used_pct"]) == ("toy", 0.9)
    assert len(found["prompted"]["sha256"]) == 64
    assert (found["answered"]["text"], found["answered"]["cost_micros"]) == (WRITTEN, 5)
    [passage] = found["passages"]
    assert (passage["document_id"], passage["score"], passage["vector_rank"]) == (document, 0.03, 1)
    places = [found[part]["position"].rsplit(":", 1) for part in ("asked", "prompted", "answered")]
    assert len({topic for topic, _ in places}) == 1
    assert [int(offset) for _, offset in places] == sorted(int(offset) for _, offset in places)
    edit = revised(mine, draft_id, "Mine.\n")["draft_id"]
    shown = told(mine.get(f"/v1/drafts/{edit}/exchange"))
    assert (shown["asked"]["based_on"], shown["prompted"], shown["origin"]) == (draft_id, None, draft_id)


def test_drafts_go_with_their_episode(mine: httpx2.Client, episode: str, document: str) -> None:
    """Nothing of them is listed or read any more, also not from the document's side."""
    draft_id = generated(mine, episode)["draft_id"]
    gone = mine.delete(episode, params={"cascade": True})
    assert gone.status_code == 204
    seen = {"Muniment-Position": gone.headers["muniment-position"]}
    assert mine.get(f"/v1/drafts/{draft_id}", headers=seen).status_code == 404
    assert told(mine.get(f"/v1/documents/{document}/scripts"))["items"] == []


def test_a_stranger_sees_no_draft(mine: httpx2.Client, served: Served, episode: str, document: str) -> None:
    """Neither by its id nor by the document's, nor may they make anything of it."""
    draft_id = generated(mine, episode)["draft_id"]
    with served.client(served.theirs) as theirs:
        for address in ("", "/events", "/exchange", "/export", "/sources", "/passages/1", "/diff"):
            assert theirs.get(f"/v1/drafts/{draft_id}{address}").status_code == 404, address
        assert theirs.post(f"/v1/drafts/{draft_id}/commit").status_code == 404
        assert theirs.get(f"/v1/documents/{document}/scripts").status_code == 404
        assert theirs.get(f"{episode}/script").status_code == 404


def test_a_person_is_given_the_drafts_that_they_asked_for(served: Served, mine: httpx2.Client, episode: str) -> None:
    """Named as the log names who asked, with brief and text; somebody else of that name in another tenant has none."""
    draft = generated(mine, episode)
    with served.client(served.theirs) as stranger:
        answer = mine.get(f"/v1/subjects/{draft['requested_by']}/export")
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            exported = json.loads(archive.read("export.json"))
            (one,) = [one for one in exported["drafts"] if one["draft_id"] == draft["draft_id"]]
            assert archive.read(one["text"]).decode() == WRITTEN
            assert archive.read(one["brief"]).decode() == "how leave is granted"
        assert [cited["number"] for cited in one["draft"]["citations"]]
        assert stranger.get(f"/v1/subjects/{draft['requested_by']}/export").status_code == 404
