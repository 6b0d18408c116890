"""`muniment history`: the timeline that a person reads, and the lines that a program does."""

import json
from typing import Any
from uuid import uuid4

import pytest
from support.scripted_api import ScriptedApi

from muniment.api.history_answers import EXAMPLE

ID = uuid4()
DOCUMENT, JOB = f"/v1/documents/{ID}/history", f"/v1/jobs/{ID}/history"
DELETED: dict[str, Any] = EXAMPLE | {
    "event": "DocumentDeleted",
    "reason": "no longer needed",
    "causes": [{"event_id": str(uuid4()), "event": name, "position": "t:0:1"} for name in ("A", "B", "C", "D")],
    "changes": [{"of": "version 1", "field": "file_name", "before": "leave.md", "after": None}],
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The API as it answers here."""
    return ScriptedApi(monkeypatch)


def test_a_timeline_says_when_what_who_why_and_what_changed(api: ScriptedApi) -> None:
    """Each event with its place, what it followed from, and the state before and after."""
    api.answers["GET", DOCUMENT] = {"items": [EXAMPLE, DELETED], "next_cursor": None}
    done = api.run("history", str(ID))
    assert done.exit_code == 0, done.output
    first, second = done.stdout.split("\n\n")
    assert first.splitlines()[0] == f"{EXAMPLE['at']}  DocumentIndexed  by muniment.indexing for key:4fk2m0x7c1ab"
    assert "    at muniment.documents:3:42, job " in first
    assert "    because of SubmitDocument" in first
    assert "    document: status chunked → indexed" in first
    assert "    version 1: chunks nothing → 5" in first
    assert "    why: no longer needed" in second
    assert "    because of A ← B ← C ← … 1 more" in second
    assert "    version 1: file name leave.md → nothing" in second


def test_json_is_one_event_a_line_of_all_pages(api: ScriptedApi) -> None:
    """As the API has it; `--limit` stops early."""
    api.answers["GET", DOCUMENT] = {"items": [EXAMPLE, DELETED], "next_cursor": None}
    lines = api.run("history", str(ID), "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [EXAMPLE, DELETED]


def test_an_id_may_be_a_job_s_and_one_that_is_neither_is_told(api: ScriptedApi) -> None:
    """The document is asked for first; exit code 1 and a sentence when there is neither."""
    api.answers["GET", JOB] = {"items": [EXAMPLE], "next_cursor": None}
    assert "DocumentIndexed" in api.run("history", str(ID)).stdout
    del api.answers["GET", JOB]
    done = api.run("history", str(ID))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no document, job, project, episode or draft of this id" in done.stderr
