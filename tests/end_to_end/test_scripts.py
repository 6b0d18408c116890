"""The life of a script on the real stack: from an upload to files for writers, and to its being forgotten."""

import io
import json
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

from support.stack import Api, Stack, until


def made(api: Api, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> dict[str, Any]:
    """The JSON of a change that has to work."""
    answer = api.ask(method, path, json=body, headers=headers)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


def streamed(api: Api, draft_id: str) -> tuple[str, dict[str, Any]]:
    """The text of a draft put together from its stream, and how it ended."""
    text = ""
    with api.http.stream("GET", f"/v1/drafts/{draft_id}/events") as answer:
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "end":
                return text, json.loads(value)
            elif field == "data":
                piece = json.loads(value)["text"]
                text = piece if name == "snapshot" else text + piece
    raise AssertionError("the stream ended before the draft did")


def episode_with(api: Api, text: str) -> tuple[str, str]:
    """An episode of a project with one document; its address, and the document."""
    document = api.indexed(text, "leave.md", title="Leave policy")["document_id"]
    project = made(api, "POST", "/v1/projects", {"title": "Handbook"}, 201)["project_id"]
    made(api, "POST", f"/v1/projects/{project}/documents", {"add": [document]})
    episodes = f"/v1/projects/{project}/episodes"
    episode = made(api, "POST", episodes, {"title": "Leave", "brief": "How many days of leave?"}, 201)["episode_id"]
    return f"{episodes}/{episode}", document


def test_a_script_from_upload_to_erasure(stack: Stack) -> None:
    """Written with citations that hold, watched, edited, compared, committed, restored, exported, traced, forgotten."""
    api, word = stack.api(), f"quagga{uuid4().hex[:8]}"
    text = (
        f"# Leave\n\nEvery {word} has twenty-five days of leave a year. Days of leave that are left can be taken until "
        f"the end of March. Whoever is ill during leave gets the days back from the {word} office.\n"
    )
    episode, document = episode_with(api, text)
    taken = made(api, "POST", f"{episode}/drafts", {"brief": f"How many days of leave has a {word}?"}, 202)
    shown, end = streamed(api, taken["draft_id"])
    assert end["state"] == "written", end
    first = api.get(f"/v1/drafts/{taken['draft_id']}")
    assert (shown, word in shown) == (first["text"], True)
    holding = [c for c in first["citations"] if c["holds"]]
    assert {(c["document_id"], c["version"], c["standing"]) for c in holding} == {(document, 1, "active")}
    for one in holding:
        passage = api.get(one["passage"])
        assert text[one["start"] : one["end"]].split() == passage["text"].split()

    edited = f"Every {word} has leave [1]. Nobody knows why [77].\n"
    second = made(api, "POST", f"/v1/drafts/{first['draft_id']}/revise", {"text": edited}, 201)["draft_id"]
    checked = until("citations are checked", lambda: (d := api.get(f"/v1/drafts/{second}"))["checked"] and d)
    assert {c["number"]: c["holds"] for c in checked["citations"]}[77] is False
    assert api.get(f"/v1/drafts/{second}/diff")["hunks"]
    tag = api.ask("GET", episode).headers["etag"]
    assert made(api, "POST", f"/v1/drafts/{first['draft_id']}/commit", **{"If-Match": tag})["number"] == 1
    assert api.ask("POST", f"/v1/drafts/{second}/commit", headers={"If-Match": tag}).status_code == 412
    assert made(api, "POST", f"/v1/drafts/{second}/commit")["number"] == 2
    assert made(api, "POST", f"{episode}/script/restore", {"number": 1})["draft_id"] == first["draft_id"]
    assert [v["number"] for v in api.get(f"{episode}/history")["items"]] == [3, 2, 1]

    then = _read_as_it_was(api, episode, first, second)

    script = f"{episode}/script/export"
    assert "[^1]: Leave policy, version 1" in api.ask("GET", script).text
    doubted = api.ask("GET", script, params={"format": "fountain", "number": 2}).text
    assert "[[77: DOES NOT HOLD" in doubted
    with ZipFile(io.BytesIO(api.ask("GET", script, params={"format": "docx"}).content)) as parts:
        assert word in parts.read("word/document.xml").decode()
        assert "Leave policy" in parts.read("word/footnotes.xml").decode()

    used = api.get(f"/v1/documents/{document}/scripts")["items"]
    assert {u["draft"]["draft_id"] for u in used} == {first["draft_id"], second}
    exchange = api.get(f"/v1/drafts/{first['draft_id']}/exchange")
    assert word in json.dumps(exchange["prompted"]["messages"])
    assert exchange["answered"]["text"] == first["text"]

    api.submit(text.replace("twenty-five", "thirty"), "leave.md", document_id=document)
    until("a newer version", lambda: "replaced" in standing(api, document))
    erased = made(api, "POST", "/v1/erasures", {"document_ids": [document], "reason": "asked by letter"}, 202)
    path = f"/v1/erasures/{erased['erasure_id']}"
    done = until(
        "the erasure is completed",
        lambda: (found := api.get(path, token=erased["position"]))["status"] == "completed" and found,
        300,
    )
    assert {one["store"]: one["removed"] for one in done["stores"]}["drafts"] == 2
    _forgotten(stack, api, word, [first["draft_id"], second])
    _forgotten_now_and_then(api, episode, then)
    late = api.ask("POST", f"/v1/drafts/{second}/revise", json={"text": "What was open in an editor."})
    assert (late.status_code, late.json()["code"]) == (410, "key_destroyed")
    until("it stands as erased", lambda: standing(api, document) == {"erased"})
    assert "rows equal" in stack.run("replay", "scripts").stdout
    _forgotten(stack, api, word, [first["draft_id"], second])


def standing(api: Api, document: str) -> set[str]:
    """How the document stands to the scripts that use it."""
    return {use["standing"] for use in api.get(f"/v1/documents/{document}/scripts")["items"]}


def _read_as_it_was(api: Api, episode: str, first: dict[str, Any], second: str) -> str:
    """The moment of a commit, at which the script was the first draft, also once another one is."""
    path = f"/v1/drafts/{first['draft_id']}/history"

    def commits() -> list[str]:
        return [one["position"] for one in api.get(path)["items"] if one["event"] == "DraftCommitted"]

    then = until("both are in its history", lambda: len(found := commits()) == 2 and found)[1]
    assert made(api, "POST", f"/v1/drafts/{second}/commit")["number"] == 4
    was = api.get(f"{episode}/script", as_of=then)
    assert (was["number"], was["text"]) == (3, first["text"])
    made(api, "POST", f"{episode}/script/restore", {"number": 1})
    return str(then)


def _forgotten_now_and_then(api: Api, episode: str, then: str) -> None:
    """That there was a script is told of that moment, and not a word of it."""
    was = api.get(f"{episode}/script", as_of=then)
    assert (was["number"], was["state"], was["text"]) == (3, "written", None)
    for moment in ({}, {"as_of": then}):
        file = api.ask("GET", f"{episode}/script/export", params=moment)
        assert file.json()["code"] == "key_destroyed"


def _forgotten(stack: Stack, api: Api, word: str, drafts: list[str]) -> None:
    """No draft says the word any more: not read, not traced, not in any row of its read model, nor of its past."""
    for draft_id in drafts:
        draft = api.get(f"/v1/drafts/{draft_id}")
        assert (draft["state"], draft["text"], draft["brief"]) == ("erased", None, None)
        assert word not in json.dumps(api.get(f"/v1/drafts/{draft_id}/exchange"))
    assert word not in str(stack.rows("select d::text from read.draft_ranges d"))


def test_nothing_is_made_up_where_the_documents_say_nothing(stack: Stack) -> None:
    """Without a model the draft is refused, and its stream and its job say so."""
    api = stack.api()
    episode, _ = episode_with(api, "# Leave\n\nEveryone has twenty-five days of leave a year.\n")
    taken = made(api, "POST", f"{episode}/drafts", {"brief": "xylophone quantum zebra"}, 202)
    text, end = streamed(api, taken["draft_id"])
    assert (text, end["state"], end["code"]) == ("", "refused", "nothing_found")
    assert api.ended(taken)["state"] == "refused"
