"""The log as evidence: what becomes of a document is sealed, proved, and handed to somebody who trusts nobody here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.log_reading import read_topics
from support.stack import Api, Stack, until

from muniment.infra.cli.audit_proofs import _wrong_consistency
from muniment.schemas.checkpoints import CheckpointSigned
from muniment.schemas.codec import decode
from muniment.schemas.proofs.checkpoints import Checkpoint, parse_checkpoint
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.topics import AUDIT_CHECKPOINTS

RECORDS = 7
"""Of a small document: submitted twice (command and fact), extracted, chunked twice, embedded, indexed."""


def exported(stack: Stack, folder: Path, *words: str) -> dict[str, Any]:
    """The manifest of a bundle that holds all records of a small document; exported again until they are sealed."""
    count = 0

    def look() -> dict[str, Any] | None:
        nonlocal count
        count += 1
        out = folder / str(count)
        done = stack.run("audit", "export", *words, "--out", str(out), check=False)
        if done.returncode:
            assert "sealed" in done.stderr, done.stderr
            return None
        manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
        manifest["folder"] = out
        return manifest if sum(len(log["leaves"]) for log in manifest["logs"]) >= RECORDS else None

    return until("all records are sealed", look, 180, 1)


def sealed(api: Api, document_id: str) -> None:
    """Wait until what the history of a document has is in signed trees: an export before that would be for nothing."""

    def look() -> bool:
        places = [one["position"] for one in api.get(f"/v1/documents/{document_id}/history")["items"]]
        return all(api.status(f"/v1/proofs/inclusion?position={place}") == 200 for place in places)

    until("its facts are sealed", look, 180, 0.5)


def checked(bundle: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What the bundle's own verifier says, run alone."""
    command = [sys.executable, "-I", str(bundle / "verify.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_a_document_is_proved_to_somebody_else(stack: Stack, api: Api, tmp_path: Path) -> None:
    """By its id or by its job; a kill of the sealer in between breaks no chain; a flipped byte is found and named."""
    first = api.indexed("Every word of this is on the record. " * 40, "evidence.md")
    sealed(api, first["document_id"])
    manifest = exported(stack, tmp_path / "document", "--document", first["document_id"])
    (key, *_) = api.get("/v1/checkpoints/keys")["items"]
    told = checked(manifest["folder"], "--key", key["public"])
    assert told.returncode == 0, told.stdout + told.stderr
    # At least: a step that was taken over in the middle says a thing twice.
    records = sum(len(log["leaves"]) for log in manifest["logs"])
    assert told.stdout.startswith(f"PROVED: {records} records of ")
    stack.kill("workers")
    second = api.indexed("This came after the kill. " * 40, "later.md", seen_within_s=120)
    sealed(api, second["document_id"])
    later = exported(stack, tmp_path / "job", "--job", second["job_id"])
    assert checked(later["folder"], "--key", key["public"]).returncode == 0
    for log in manifest["logs"]:
        wanted = {"topic": log["topic"], "partition": log["partition"], "from": log["size"]}
        proof = api.get("/v1/proofs/consistency", **wanted)
        assert _wrong_consistency(proof, api.get("/v1/checkpoints/keys")) == "", wanted
    place = f"{log['topic']}:{log['partition']}"
    assert "the proof holds" in stack.run("audit", "consistency", place, str(log["size"])).stdout
    assert "the log is as it was sealed" in stack.run("audit", "findings").stdout
    lines = [json.loads(line) for line in (manifest["folder"] / "leaves.jsonl").read_text().splitlines()]
    place = f"{lines[3]['topic']}:{lines[3]['partition']}:{lines[3]['offset']}"
    proved = stack.run("audit", "prove", place).stdout
    assert "the proof holds" in proved
    assert "what lies on the log is what was sealed" in proved
    lines[3]["value"] = lines[3]["value"][:-8] + ("A" if lines[3]["value"][-8] != "A" else "B") + lines[3]["value"][-7:]
    (manifest["folder"] / "leaves.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = checked(manifest["folder"], "--key", key["public"])
    assert (told.returncode, f"WRONG {place} is not what was sealed" in told.stdout) == (1, True), told.stdout


def test_no_two_checkpoints_contradict_each_other(stack: Stack) -> None:
    """As the log tells of them, however often the sealer was killed: one text for a size, one chain for a partition."""
    texts: dict[tuple[str, int], str] = {}
    chains: dict[str, list[Checkpoint]] = {}
    for record in read_topics(stack.kafka_bootstrap, [AUDIT_CHECKPOINTS.name]):
        event = decode(record, lambda _: None).event
        assert isinstance(event, CheckpointSigned)
        text = parse_note(event.note).text
        if texts.setdefault((event.log, event.size), text) == text:
            chains.setdefault(event.log, []).append(parse_checkpoint(text))
        else:
            raise AssertionError(f"two checkpoints of {event.log} with {event.size} leaves")
    assert chains
    for chain in chains.values():
        # Said twice is the same: a kill between the saying and the writing down.
        once = list(dict.fromkeys(chain))
        assert [one.previous for one in once] == [None, *(one.digest for one in once[:-1])]
