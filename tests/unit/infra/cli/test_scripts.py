"""`muniment scripts`: what a person is told of drafts and scripts."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.scripted_api import ScriptedApi

from muniment.api.script_reads.examples import ANSWERS, BASE_ID, SUMMARY, TEXT
from muniment.api.script_reads.examples import OTHER_ID as OTHER

DRAFT = SUMMARY["draft_id"]
PROJECT, EPISODE = SUMMARY["project_id"], SUMMARY["episode_id"]
WHERE = f"/v1/projects/{PROJECT}/episodes/{EPISODE}"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """An API that answers as its documentation says."""
    made = ScriptedApi(monkeypatch)
    made.answers = {
        ("GET", f"/v1/drafts/{DRAFT}"): ANSWERS["Draft"],
        ("GET", f"/v1/drafts/{DRAFT}/sources"): ANSWERS["Sources"],
        ("GET", f"/v1/drafts/{DRAFT}/diff"): ANSWERS["Difference"],
        ("GET", f"/v1/drafts/{DRAFT}/merge"): ANSWERS["Merge"],
        ("GET", f"/v1/drafts/{DRAFT}/exchange"): ANSWERS["Exchange"],
        ("GET", f"{WHERE}/drafts"): ANSWERS["Drafts"],
        ("GET", f"{WHERE}/history"): ANSWERS["ScriptVersions"],
        ("POST", f"/v1/drafts/{DRAFT}/commit"): ANSWERS["ScriptVersion"],
    }
    return made


def scripts(api: ScriptedApi, *words: str, code: int = 0, **how: Any) -> str:
    """What a command prints."""
    done = api.run("scripts", *words, **how)
    assert done.exit_code == code, done.output
    return done.output


def events(text: str, state: str = "written") -> Any:
    """A stream of a draft, as the API sends it."""
    said = [("snapshot", {"text": text[:9]}), ("token", {"text": text[9:]}), ("end", {"state": state})]
    body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in said)
    return lambda _: httpx2.Response(200, text=body, headers={"Content-Type": "text/event-stream"})


@pytest.fixture
def generating(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The same, with a draft under way."""
    api.answers["POST", f"{WHERE}/drafts"] = 202, {"draft_id": DRAFT, "job_id": SUMMARY["job_id"], "position": "there"}
    plain = api._answer
    stream = events(TEXT)

    def answer(request: httpx2.Request) -> httpx2.Response:
        return stream(request) if request.url.path.endswith("/events") else plain(request)

    monkeypatch.setattr(api, "_answer", answer)
    from muniment.infra.cli import ordering
    from muniment.infra.cli.client import Client

    transport = httpx2.MockTransport(answer)
    monkeypatch.setattr(ordering, "Client", lambda access: Client(access, transport=transport))
    return api


def test_a_draft_shows_what_each_citation_is_worth(api: ScriptedApi) -> None:
    """Text, model, cost, and for each mark the document, version and characters that it leads to."""
    found = scripts(api, "show", DRAFT)
    assert TEXT in found
    assert "openai/gpt-oss-20b" in found
    [line] = [one for one in found.splitlines() if one.startswith("[1]")]
    assert {"holds", "Leave", "policy", "9–103"} <= set(line.split())


def test_a_citation_that_does_not_hold_is_said_to(api: ScriptedApi) -> None:
    """In words, and not by a colour alone."""
    [citation] = ANSWERS["Draft"]["citations"]
    doubted = {**citation, "holds": False, "document_id": None, "title": None, "file_name": None, "standing": "nowhere"}
    api.answers["GET", f"/v1/drafts/{DRAFT}"] = {**ANSWERS["Draft"], "citations": [doubted]}
    found = scripts(api, "show", DRAFT)
    assert "does not hold" in found
    assert "leads nowhere" in found


def test_the_text_is_shown_as_it_comes_and_then_what_came_of_it(generating: ScriptedApi) -> None:
    """Once, whatever pieces it comes in."""
    found = scripts(generating, "generate", PROJECT, EPISODE, "--brief", "leave")
    assert found.count(TEXT) == 1
    assert f"draft {DRAFT}  written" in found
    [body] = generating.bodies("POST", f"{WHERE}/drafts")
    assert (body["brief"], body["template"]) == ("leave", "script")


def test_a_draft_that_came_to_nothing_is_a_failure_of_the_command(generating: ScriptedApi) -> None:
    """Exit code 1, and the reason."""
    refused = {**ANSWERS["Draft"], "state": "refused", "code": "nothing_found", "text": None, "citations": []}
    generating.answers["GET", f"/v1/drafts/{DRAFT}"] = refused
    assert "nothing_found" in scripts(generating, "generate", PROJECT, EPISODE, code=1)


def test_a_merge_without_conflicts_is_the_text_and_nothing_else(api: ScriptedApi) -> None:
    """So that it can be piped into `revise`; with conflicts it has the marks of diff3, and exit code 1."""
    found = scripts(api, "merge", DRAFT, OTHER, code=1)
    assert "<<<<<<< theirs\n30\n||||||| base\n25\n=======\n20\n>>>>>>> yours\n" in found
    api.answers["GET", f"/v1/drafts/{DRAFT}/merge"] = {**ANSWERS["Merge"], "conflicts": 0, "text": "It is so.\n"}
    assert scripts(api, "merge", DRAFT, OTHER, "--base", BASE_ID) == "It is so.\n"


def test_sources_are_told_both_ways(api: ScriptedApi) -> None:
    """What a draft goes back to, and which drafts used a document, with what has become of that version."""
    document = ANSWERS["Sources"]["items"][0]["document_id"]
    api.answers["GET", f"/v1/documents/{document}/scripts"] = ANSWERS["DocumentScripts"]
    assert document in scripts(api, "sources", DRAFT)
    assert "replaced by version 2" in " ".join(scripts(api, "sources", "--document", document).split())
    assert scripts(api, "sources", code=2)


def test_an_export_is_written_byte_for_byte(api: ScriptedApi, tmp_path: Path) -> None:
    """To a file, or to standard output; one of the two ways to name what is exported has to be taken."""
    api.answers["GET", f"/v1/drafts/{DRAFT}/export"] = {"stands": "for bytes"}
    scripts(api, "export", "--draft", DRAFT, "--format", "fountain", "--out", str(tmp_path / "a.fountain"))
    assert json.loads((tmp_path / "a.fountain").read_bytes()) == {"stands": "for bytes"}
    assert api.asked[-1][2] == {"format": "fountain"}
    assert "stands" in scripts(api, "export", "--draft", DRAFT)
    assert "--episode" in scripts(api, "export", "--project", PROJECT, code=2)


def test_every_listing_has_something_to_show(api: ScriptedApi) -> None:
    """Ids whole, so that they can be copied; empty ones say what to do."""
    assert DRAFT in scripts(api, "list", PROJECT, EPISODE)
    assert DRAFT in scripts(api, "history", PROJECT, EPISODE)
    assert "version 1 of the script" in scripts(api, "commit", DRAFT)
    assert "It takes [-25-]{+30+} days." in scripts(api, "diff", DRAFT)
    found = scripts(api, "exchange", DRAFT)
    assert "muniment.projects:2:118" in found
    assert "Write a script from these passages only." in found
    api.answers["GET", f"{WHERE}/drafts"] = {"items": [], "next_cursor": None}
    assert "scripts generate" in scripts(api, "list", PROJECT, EPISODE)


def test_what_can_be_read_can_be_read_as_it_was(api: ScriptedApi, tmp_path: Path) -> None:
    """`--as-of` goes along as it is; without it the API is asked about now."""
    then = "muniment.projects:2:118"
    document = ANSWERS["Sources"]["items"][0]["document_id"]
    api.answers["GET", f"/v1/documents/{document}/scripts"] = ANSWERS["DocumentScripts"]
    api.answers["GET", f"/v1/drafts/{DRAFT}/export"] = {"stands": "for bytes"}
    for words in (
        ("list", PROJECT, EPISODE),
        ("show", DRAFT),
        ("history", PROJECT, EPISODE),
        ("sources", DRAFT),
        ("sources", "--document", document),
        ("export", "--draft", DRAFT, "--out", str(tmp_path / "a.md")),
    ):
        scripts(api, *words)
        assert "as_of" not in api.asked[-1][2], words
        scripts(api, *words, "--as-of", then)
        assert api.asked[-1][2]["as_of"] == then, words


def test_a_revised_text_may_come_by_a_pipe(api: ScriptedApi) -> None:
    """`-` is standard input."""
    api.answers["POST", f"/v1/drafts/{DRAFT}/revise"] = 201, ANSWERS["Draft"]
    assert DRAFT in scripts(api, "revise", DRAFT, "-", input="Mine [1].\n")
    assert api.bodies("POST", f"/v1/drafts/{DRAFT}/revise") == [{"text": "Mine [1].\n"}]
