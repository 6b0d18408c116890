"""Others read the topics: an analyst's five questions, and exports, against what was submitted here."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from support.stack import Api, Stack, until

from muniment.infra.stack import scratch
from muniment.schemas.documents import DocumentSubmitted

PRICE = 20
"""Of a token, in millionths: what the stack of these tests is set to."""
SENT = {"policy.md": "text/markdown", "notes.txt": "text/plain", "more.txt": "text/plain", "rows.csv": "text/csv"}
REJECTED = {"kind": "status", "status": 400, "times": 50}
RETRY_AFTER_S = 8


@pytest.fixture(scope="module")
def story(stack: Stack) -> dict[str, Any]:
    """What this tenant did: documents of three types, one deleted, one that waited, two that nobody could embed."""
    # The first document of a new stack waits for programs to start: that is somebody else's.
    stack.api().indexed("The first of all.", "first.md")
    api = stack.api()
    stack.endpoint.reset()
    days = {datetime.now(UTC).date().isoformat()}
    # Not `indexed`: it asks search, and the endpoint would count the questions.
    done = {name: api.submit(f"# About {name}\n\nname,value\nThe {name} of ants, bees", name) for name in SENT}
    assert {api.ended(one)["outcome"] for one in done.values()} == {"indexed"}
    project = api.ask("POST", "/v1/projects", json={"title": "Ants"}).json()["project_id"]
    put = api.ask("POST", f"/v1/projects/{project}/documents", json={"add": [done["policy.md"]["document_id"]]})
    assert put.is_success, put.text
    api.ended(api.delete(done["rows.csv"]["document_id"]))
    tokens = stack.endpoint.calls()["tokens"]
    stack.endpoint.reset()
    stack.endpoint.misbehave({"kind": "status", "status": 429, "retry_after": str(RETRY_AFTER_S)})
    done["late.md"] = api.submit("# Late\n\nThis one waits.", "late.md")
    assert api.ended(done["late.md"])["outcome"] == "indexed"
    tokens += stack.endpoint.calls()["tokens"]
    stack.endpoint.misbehave(REJECTED)
    for name in ("bad.txt", "worse.txt"):
        done[name] = api.submit(f"Nobody takes {name}.", name)
    assert {api.ended(done[name])["state"] for name in ("bad.txt", "worse.txt")} == {"failed"}
    stack.endpoint.reset()
    days.add(datetime.now(UTC).date().isoformat())
    return {"api": api, "done": done, "tokens": tokens, "days": days, "project": project}


@pytest.fixture(scope="module")
def answers(stack: Stack, story: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `python -m muniment.infra.analytics` says of it."""
    tenant = story["api"].tenant
    words = ["--out", str(tmp_path_factory.mktemp("landed")), "--tenant", tenant, "--group", tenant, "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "muniment.infra.analytics", *words],
        env=scratch.environment(stack.home, **stack.settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_cost_is_what_the_provider_counted(story: dict[str, Any], answers: dict[str, Any]) -> None:
    """Every token that the endpoint answered, at its price, on the days of this test: one document's by its project."""
    costs = answers["cost_per_project_and_day"]
    assert {one["tenant"] for one in costs} == {story["api"].tenant}
    assert {one["project"] for one in costs} == {story["project"], None}
    assert all(one["embedding_micros"] > 0 for one in costs)
    assert {one["day"] for one in costs} <= story["days"]
    assert sum(one["tokens"] for one in costs) == story["tokens"] > 0
    assert sum(one["cost_micros"] for one in costs) == story["tokens"] * PRICE


def test_the_step_that_waited_is_the_slowest(answers: dict[str, Any]) -> None:
    """The provider asked one document to wait some seconds: embedding took that long, and no step longer."""
    slowest = answers["slowest_step"][0]
    assert slowest["step"] == "embedding"
    assert slowest["worst_s"] >= RETRY_AFTER_S
    assert {"deciding", "extracting", "chunking", "indexing"} <= {one["step"] for one in answers["slowest_step"]}


def test_the_cause_of_the_wait_is_told(answers: dict[str, Any]) -> None:
    """One record waited, for the reason that the endpoint gave."""
    [waited] = [one for one in answers["retry_causes"] if one["cause"] == "provider_rate_limited"]
    assert (waited["step"], waited["records"]) == ("embedding", 1)


def test_dead_letters_are_one_group(story: dict[str, Any], answers: dict[str, Any]) -> None:
    """Both documents failed alike, and the API groups them under the same fingerprint."""
    [group] = answers["dead_letters_by_fingerprint"]
    assert (group["step"], group["code"], group["letters"]) == ("embedding", "provider_rejected", 2)

    def listed() -> list[str]:
        return [one["fingerprint"] for one in story["api"].get("/v1/dead-letters")["items"]]

    until("both are listed", lambda: listed() == [group["fingerprint"]] * 2)


def test_documents_are_counted_by_type(answers: dict[str, Any]) -> None:
    """By the type found in the content; the deleted one does not count."""
    there = {name: kind for name, kind in SENT.items() if name != "rows.csv"}
    there |= {"late.md": "text/markdown", "bad.txt": "text/plain", "worse.txt": "text/plain"}
    found = {one["media_type"]: one["documents"] for one in answers["documents_by_type"]}
    assert found == dict(Counter(there.values()))


def rows(folder: Path, event: type) -> list[dict[str, Any]]:
    """The rows of an event in an export."""
    found = []
    for path in sorted((folder / "muniment.documents" / f"{event.__name__}.v1").glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


def test_an_export_is_sealed_and_whole(stack: Stack, story: dict[str, Any], tmp_path: Path) -> None:
    """What the command writes is what it says; names of files are on no disk in clear."""
    out = tmp_path / "sealed"
    ran = stack.run("export", "documents", "--tenant", story["api"].tenant, "--out", str(out))
    assert "personal fields sealed" in ran.stdout
    assert "[info" not in ran.stdout + ran.stderr
    assert stack.run("export", "verify", str(out)).stdout.count("as its manifest says") == 1
    submitted = rows(out, DocumentSubmitted)
    assert {str(row["document_id"]) for row in submitted} == {one["document_id"] for one in story["done"].values()}
    assert not any(b"policy.md" in path.read_bytes() for path in out.rglob("*") if path.is_file())
    next(out.rglob("*.parquet")).write_bytes(b"something else")
    assert stack.run("export", "verify", str(out), check=False).returncode == 1


def test_an_opened_export_is_on_the_trail(stack: Stack, story: dict[str, Any], tmp_path: Path) -> None:
    """Opening needs a reason; the manifest names who and why, and the trails of both have it before and after."""
    document, out = story["done"]["policy.md"]["document_id"], tmp_path / "opened"
    owner = story["api"].tenant
    words = ("export", "documents", "--document", document, "--out", str(out), "--decrypt")
    refused = stack.run(*words, check=False)
    assert refused.returncode == 2
    assert "--reason" in refused.stderr
    stack.run(*words, "--reason", "asked for by the owner")
    assert [row["file_name"] for row in rows(out, DocumentSubmitted)] == ["policy.md"]
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["personal"], manifest["opened"]["reason"]) == ("opened", "asked for by the owner")
    assert until("the trail has it", lambda: on_the_trail(stack, manifest["opened"]["audit_entity"], tmp_path)) == [
        (tenant, "log.decrypt", outcome, "asked for by the owner", document)
        for tenant, outcome in (("muniment", "begun"), (owner, "begun"), (owner, "done"), ("muniment", "done"))
    ]


def on_the_trail(stack: Stack, entity: str, folder: Path) -> list[tuple[str, ...]]:
    """All four entries about something, once they are there: by an export of the trail itself."""
    out = folder / uuid4().hex
    stack.run("export", "audit", "--format", "jsonl", "--out", str(out))
    lines = [json.loads(line) for path in sorted(out.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    found = [one for one in lines if one.get("entity") == entity]
    found.sort(key=lambda one: one["_event_id"])
    told = [(one["_tenant"], one["action"], one["outcome"], one["reason"], one["documents"]) for one in found]
    return [(*words, documents[0]["document_id"]) for *words, documents in told] if len(found) == 4 else []


def test_an_api_key_is_not_asked_for(api: Api) -> None:
    """The catalogue and its document are there for whoever wants to read along."""
    for path in ("/catalogue", "/asyncapi.json"):
        assert api.http.get(path, headers={"Authorization": ""}).status_code == 200
