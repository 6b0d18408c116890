"""`muniment audit trail`."""

import json

import httpx2
import pytest
from support.scripted_api import ScriptedApi

from muniment.api.audit_reads.examples import ENTRY

ENTRIES = [
    ENTRY
    | {"action": "flag.set", "entity": "outbox", "reason": "Kafka is moved", "documents": [], "document_count": 0},
    ENTRY | {"actor": "unknown", "outcome": "denied", "left_out": 7, "documents": [], "document_count": 0},
]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The API as it answers here."""
    return ScriptedApi(monkeypatch)


def test_the_trail_is_a_table(api: ScriptedApi) -> None:
    """Who did what, from where and why; that there are more is said on stderr."""
    api.answers["GET", "/v1/audit"] = {"items": ENTRIES, "next_cursor": "more"}
    done = api.run("audit", "trail", "--action", "flag.*", "--query", "leave", "-n", "2")
    for part in ("2026-11-22 10:15:30", "key:3kd0s9f1l2ab", "flag.set", "Kafka is moved", "denied", "203.0.113.0/24"):
        assert part in done.stdout
    assert "--json" in done.stderr
    assert api.asked[-1][2] == {"action": "flag.*", "query": "leave", "limit": "2", "tenant": "both"}


def test_as_json_it_is_all_of_them_line_by_line(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the export has them, byte for byte."""
    text = "".join(json.dumps(one) + "\n" for one in ENTRIES)
    answered = ScriptedApi._answer

    def answer(self: ScriptedApi, request: httpx2.Request) -> httpx2.Response:
        answered(self, request)
        return httpx2.Response(200, text=text)

    monkeypatch.setattr(ScriptedApi, "_answer", answer)
    api = ScriptedApi(monkeypatch)
    assert api.run("audit", "trail", "--actor", "unknown", "--json").stdout == text
    assert api.asked[-1][1:3] == ("/v1/audit/export", {"actor": "unknown", "tenant": "both"})


def test_a_key_that_may_not_is_told_what_to_do(api: ScriptedApi) -> None:
    """The API's sentence, and exit code 1."""
    problem = {"code": "forbidden", "detail": "The key lacks the scope audit.", "what_to_do": "Use a key that has it."}
    api.answers["GET", "/v1/audit"] = api.answers["GET", "/v1/audit/export"] = (403, problem)
    for words in ((), ("--json",)):
        done = api.run("audit", "trail", *words)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "scope audit" in done.stderr
