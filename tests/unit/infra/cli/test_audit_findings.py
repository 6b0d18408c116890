"""`muniment audit findings` and `acknowledge`: what the sealer found, and who has looked into it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.bundles import TOPIC
from support.scripted_api import ScriptedApi

from muniment.producers.sealing.store import Finding
from muniment.producers.trail.spool import orphans
from muniment.schemas.codec import decode
from muniment.schemas.record import Position


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The command line; no API is asked here."""
    return ScriptedApi(monkeypatch)


def test_a_finding_is_listed_until_the_end_of_days_and_alerts_until_it_is_acknowledged(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 for what nobody has looked into, with the command that says so; who has, and why, stands below."""
    row = {"topic": TOPIC, "partition": 0, "kind": "changed", "first_offset": 4, "next_offset": 6, "detail": "another",
           "found_at": datetime(2026, 1, 1, tzinfo=UTC), "acknowledged_at": None, "acknowledged_by": None,
           "reason": None}  # fmt: skip
    looked = row | {
        "acknowledged_at": datetime(2026, 1, 2, tzinfo=UTC),
        "acknowledged_by": "cli:ann",
        "reason": "drill",
    }
    found = [row, looked]
    monkeypatch.setattr("muniment.infra.cli.audit_chain.all_findings", lambda: found)
    told = api.run("audit", "findings")
    assert told.exit_code == 1
    assert told.stdout.count(f"{TOPIC}:0:4 to 5 changed: another") == 2
    assert "acknowledged 2026-01-02T00:00:00+00:00 by cli:ann: drill" in told.stdout
    assert f"muniment audit acknowledge {TOPIC}:0:4 --reason" in told.stdout
    found.pop(0)
    told = api.run("audit", "findings")
    assert (told.exit_code, "acknowledged 2026" in told.stdout, "audit acknowledge" in told.stdout) == (0, True, False)
    listed = api.run("audit", "findings", "--json")
    assert (listed.exit_code, json.loads(listed.stdout)[0]["reason"]) == (0, "drill")


def test_a_finding_is_acknowledged_on_the_trail(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the place, the kinds and the reason; where there is nothing to acknowledge it is told as failed."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    asked: list[tuple[str, str, str]] = []
    left = [Finding("forged", 4, 6, "another key"), Finding("changed", 4, 5, "another")]

    def ended(at: Position, kind: str, reason: str) -> list[Finding]:
        asked.append((str(at), kind, reason))
        return [left.pop(0) for _ in range(len(left))]

    monkeypatch.setattr("muniment.infra.cli.audit_acknowledging._ended", ended)
    words = ("audit", "acknowledge", f"{TOPIC}:0:4", "--reason", "a drill")
    told = api.run(*words)
    assert told.exit_code == 0, told.output
    assert "acknowledged forged 4 to 5: another key" in told.stdout
    again = api.run(*words, "--kind", "forged")
    assert (again.exit_code, "nothing forged waits at" in again.stderr) == (1, True)
    assert asked == [(f"{TOPIC}:0:4", "", "a drill"), (f"{TOPIC}:0:4", "forged", "a drill")]
    trail = [decode(r, lambda _: None).event for one in orphans(tmp_path / "trail") for r in one.records()]
    assert {(one.action, one.kind, one.reason) for one in trail} == {("finding.acknowledge", "finding", "a drill")}
    place = f"{TOPIC}:0:4"
    assert [(one.outcome, one.entity) for one in trail] == [
        ("begun", place), ("done", f"{place} changed, forged"), ("begun", place), ("failed", place),
    ]  # fmt: skip
    assert api.run("audit", "acknowledge", TOPIC, "--reason", "x").exit_code == 2
    assert api.run("audit", "acknowledge", place, "--reason", " ").exit_code == 2
