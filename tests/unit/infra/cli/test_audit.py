"""`muniment audit`: what an auditor reads, and what is checked before it is shown."""

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.bundles import TOPIC, SealedLog, usual, write
from support.scripted_api import ScriptedApi

from muniment.api.proofs.answers import checkpoint_answer, consistency_answer, inclusion_answer, key_answer
from muniment.infra import evidence
from muniment.infra.cli import audit_record
from muniment.producers.sealing.exporting import Span
from muniment.producers.sealing.proving import Consistency, Inclusion, Signed
from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of
from muniment.schemas.proofs.leaves import Gap, LogRecord
from muniment.schemas.proofs.merkle import Head
from muniment.schemas.proofs.notes import format_note
from muniment.schemas.record import Position


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedApi:
    """The API as it answers here, and no stack that may run in this folder."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    return ScriptedApi(monkeypatch)


@pytest.fixture
def sealed(tmp_path: Path) -> SealedLog:
    """A log with two checkpoints."""
    return SealedLog(Signer(tmp_path / "signing.json"), usual())


def signed(log: SealedLog, size: int) -> Signed:
    return Signed(size, log.leaves[size - 1].next_offset, log.notes[size])


def keys(log: SealedLog) -> dict[str, Any]:
    return {"items": [key_answer(key).model_dump(mode="json") for key in log.signer.public_keys()]}


def proof(log: SealedLog, index: int) -> dict[str, Any]:
    item = log.item(index)
    place = Position(TOPIC, 0, item.offset)
    leaf = log.leaves[index]
    gap = leaf.reason if isinstance(leaf, Gap) else None
    found = Inclusion(place, item.offset, item.next_offset, gap, index, item.leaf_hash, item.path, signed(log, 18))
    return inclusion_answer(found).model_dump(mode="json")


def test_checkpoints_are_listed(api: ScriptedApi, sealed: SealedLog) -> None:
    """The newest of every partition, or all of one."""
    shown = [checkpoint_answer(signed(sealed, size)).model_dump(mode="json") for size in (18, 7)]
    api.answers["GET", "/v1/checkpoints"] = {"items": shown[:1]}
    api.answers["GET", f"/v1/checkpoints/{TOPIC}/0"] = {"items": shown}
    told = api.run("audit", "checkpoints")
    assert (told.exit_code, told.stdout.count(f"{TOPIC}:0")) == (0, 1)
    assert api.run("audit", "checkpoints", f"{TOPIC}:0").stdout.count(f"{TOPIC}:0") == 2
    assert json.loads(api.run("audit", "checkpoints", "--json").stdout) == shown[:1]
    api.answers["GET", "/v1/checkpoints"] = {"items": []}
    assert api.run("audit", "checkpoints").stdout == "nothing was signed yet\n"
    assert api.run("audit", "checkpoints", "documents").exit_code == 2


def test_a_checkpoint_that_was_taken_out_is_named(api: ScriptedApi, sealed: SealedLog) -> None:
    """By the one that names it; what lies beyond the limit is not said to be missing."""
    texts: list[Checkpoint] = []
    for size in (1, 2, 3):
        head = Head(size, bytes([size]) * 32)
        before = texts[-1].digest if texts else None
        origin = origin_of(sealed.signer.installation, TOPIC, 0)
        texts.append(Checkpoint(origin, head, size, datetime(2026, 1, size, tzinfo=UTC), before))
    public = sealed.signer.public_keys()[0].value
    notes = [format_note(one.text, sealed.signer.sign_note(one.text), public) for one in texts]
    shown = [checkpoint_answer(Signed(3 - n, 3 - n, notes[2 - n])).model_dump(mode="json") for n in range(3)]
    path = ("GET", f"/v1/checkpoints/{TOPIC}/0")
    api.answers[path] = {"items": shown}
    assert api.run("audit", "checkpoints", f"{TOPIC}:0").exit_code == 0
    api.answers[path] = {"items": shown[:2]}
    assert api.run("audit", "checkpoints", f"{TOPIC}:0", "--limit", "2").exit_code == 0
    told = api.run("audit", "checkpoints", f"{TOPIC}:0")
    assert (told.exit_code, "checkpoint of 2 leaves names another one before it than none" in told.output) == (1, True)
    api.answers[path] = {"items": [shown[0], shown[2]]}
    for words in ((), ("--json",)):
        told = api.run("audit", "checkpoints", f"{TOPIC}:0", *words)
        assert (told.exit_code, "checkpoint of 3 leaves names another one" in told.output) == (1, True)


def test_the_newest_checkpoint_that_was_taken_out_is_named_by_what_lies_outside(
    api: ScriptedApi, sealed: SealedLog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The chain is whole without it; one that was signed since the list was asked for is none."""
    monkeypatch.setenv("MUNIMENT_CHECKPOINTS_URL", (tmp_path / "outside").as_uri())
    folder = tmp_path / "outside" / sealed.signer.installation / TOPIC / "0"
    folder.mkdir(parents=True)
    path = ("GET", f"/v1/checkpoints/{TOPIC}/0")
    both, first = [
        [checkpoint_answer(signed(sealed, size)).model_dump(mode="json") for size in sizes] for sizes in ((18, 7), (7,))
    ]
    api.answers[path] = {"items": first}
    told = api.run("audit", "checkpoints", f"{TOPIC}:0", "--limit", "1")
    assert (told.exit_code, "nobody knows of a newer checkpoint" in told.output) == (0, True)
    for size in (7, 18):
        (folder / f"{size:020d}.note").write_text(sealed.notes[size])
    told = api.run("audit", "checkpoints", f"{TOPIC}:0", "--limit", "1")
    assert (told.exit_code, "the checkpoint of 18 leaves lies outside, and is not listed" in told.output) == (1, True)
    api.answers[path] = [{"items": first}, {"items": both}]
    assert api.run("audit", "checkpoints", f"{TOPIC}:0", "--limit", "1").exit_code == 0


def test_what_the_sealer_found_of_a_chain_is_told_with_it(
    api: ScriptedApi, sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this partition, and of its checkpoints, alone; where nobody can be asked that is said."""
    api.answers["GET", f"/v1/checkpoints/{TOPIC}/0"] = {
        "items": [checkpoint_answer(signed(sealed, 7)).model_dump(mode="json")]
    }
    words = ("audit", "checkpoints", f"{TOPIC}:0", "--limit", "1")
    assert "what the sealer found could not be asked for" in api.run(*words).output
    row = {"topic": TOPIC, "partition": 0, "kind": "taken_out", "found_at": datetime(2026, 1, 1, tzinfo=UTC)}
    row["detail"] = "it was taken out"
    found = [{**row, "partition": 1}, {**row, "kind": "changed"}]
    monkeypatch.setattr("muniment.infra.cli.audit_chain.all_findings", lambda: found)
    assert api.run(*words).exit_code == 0
    found.append(row)
    told = api.run(*words)
    assert (told.exit_code, "taken_out, found 2026-01-01 00:00 UTC: it was taken out" in told.output) == (1, True)


def test_a_proof_is_checked_before_it_is_shown(api: ScriptedApi, sealed: SealedLog) -> None:
    """An answer that proves nothing, or that a stranger signed, ends with 1."""
    api.answers["GET", "/v1/checkpoints/keys"] = keys(sealed)
    api.answers["GET", "/v1/proofs/inclusion"] = found = proof(sealed, 4)
    told = api.run("audit", "prove", f"{TOPIC}:0:6")
    proved, looked = told.stdout.splitlines()[-2:]
    assert (told.exit_code, proved) == (0, "the proof holds")
    assert looked.startswith("what lies on the log now was not looked at: "), "there is no broker here"
    assert api.asked[-2][2] == {"position": f"{TOPIC}:0:6"}
    found["leaf_hash"] = "00" * 32
    told = api.run("audit", "prove", f"{TOPIC}:0:6")
    assert (told.exit_code, told.stdout.splitlines()[-2]) == (1, "the proof does not hold")
    api.answers["GET", "/v1/checkpoints/keys"] = {"items": []}
    assert "not signed by a key" in api.run("audit", "prove", f"{TOPIC}:0:6").stdout


def test_what_lies_on_the_log_is_held_against_the_proof(sealed: SealedLog) -> None:
    """The record that was sealed, another one, none."""
    found = proof(sealed, 4)
    leaf = sealed.leaves[4]
    assert isinstance(leaf, LogRecord)
    assert audit_record.compared([leaf], found) == (False, audit_record.AS_SEALED)
    wrong, told = audit_record.compared([replace(leaf, value=b"another")], found)
    assert (wrong, "is another one now" in told) == (True, True)
    wrong, told = audit_record.compared([replace(leaf, offset=leaf.offset + 1)], found)
    assert (wrong, "is not there any more" in told) == (True, True)


def test_a_gap_has_to_be_what_was_sealed(sealed: SealedLog) -> None:
    """A row of the tables that calls a record a gap does not make it one."""
    number, leaf = next((n, one) for n, one in enumerate(sealed.leaves) if isinstance(one, Gap))
    assert audit_record.gap(TOPIC, 0, proof(sealed, number))[0] is False, leaf
    wrong, told = audit_record.gap(TOPIC, 0, {**proof(sealed, 4), "gap": "retention"})
    assert (wrong, "NO GAP" in told) == (True, True)


def test_growth_is_checked_before_it_is_shown(api: ScriptedApi, sealed: SealedLog) -> None:
    """A proof that does not join the two checkpoints ends with 1."""
    (grown,) = sealed.part().grown
    found = consistency_answer(Consistency(signed(sealed, 7), signed(sealed, 18), grown.path)).model_dump(mode="json")
    api.answers["GET", "/v1/checkpoints/keys"] = keys(sealed)
    api.answers["GET", "/v1/proofs/consistency"] = found
    told = api.run("audit", "consistency", f"{TOPIC}:0", "7", "18")
    assert (told.exit_code, "the proof holds" in told.stdout) == (0, True)
    assert api.asked[-2][2] == {"topic": TOPIC, "partition": "0", "from": "7", "to": "18"}
    found["path"].pop()
    told = api.run("audit", "consistency", f"{TOPIC}:0", "7")
    assert (told.exit_code, "the log was rewritten" in told.stdout) == (1, True)


def test_a_bundle_is_checked_by_its_own_verifier(api: ScriptedApi, sealed: SealedLog, tmp_path: Path) -> None:
    """With the same exit codes."""
    bundle = write(tmp_path / "bundle", sealed.signer, [sealed.part()])
    key = sealed.signer.public_keys()[0].value.hex()
    assert api.run("audit", "verify", str(bundle), "--key", key).exit_code == 0
    # A script whose variable was never set must not prove anything by nobody's key.
    assert api.run("audit", "verify", str(bundle), "--key", "").exit_code == 2
    (bundle / "keys.json").write_text("[]")
    assert api.run("audit", "verify", str(bundle)).exit_code == 1
    assert api.run("audit", "verify", str(tmp_path)).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--out", "new"),
        ("--document", "a", "--job", "b", "--out", "new"),
        ("--document", "3b0e6c1e-6f0f-4b43-9c02-9d6a4c9d8a11", "--out", "."),
    ],
)
def test_an_export_says_what_is_wrong_with_its_words(api: ScriptedApi, words: tuple[str, ...]) -> None:
    """One thing at a time, into something new."""
    assert api.run("audit", "export", *words).exit_code == 2


def test_a_range_is_read_as_it_is_written() -> None:
    """Both ends are in it; one offset is a range, too."""
    assert str(Span.parse(f"{TOPIC}:3:5-9")) == f"{TOPIC}:3:5-9"
    assert Span.parse(f"{TOPIC}:3:5") == Span(TOPIC, 3, 5, 5)
    for wrong in ("", "a:b", "a:0:9-5", "a:0:x-y", "a:-1:0-1", ":0:0-1"):
        with pytest.raises(ValueError, match="not a range"):
            Span.parse(wrong)


def test_a_bundle_is_written_into_something_new(tmp_path: Path) -> None:
    """A folder or a zip file; neither is ever written over."""
    made = {"a.txt": b"a", "b/c.txt": b"c"}
    for name in ("folder", "packed.zip"):
        evidence.write(made, tmp_path / name)
        with pytest.raises(FileExistsError):
            evidence.write(made, tmp_path / name)
    assert (tmp_path / "folder" / "b" / "c.txt").read_bytes() == b"c"
    with zipfile.ZipFile(tmp_path / "packed.zip") as archive:
        assert archive.namelist() == ["a.txt", "b/c.txt"]


def test_keys_are_shown_and_rotated(monkeypatch: pytest.MonkeyPatch, api: ScriptedApi, tmp_path: Path) -> None:
    """The public halves only."""
    # What was done is entered in the trail, which lies there, too.
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_SIGNING_KEYS", str(tmp_path / "keys.json"))
    (first,) = json.loads(api.run("audit", "keys", "list", "--json").stdout)["keys"]
    assert "signs now" in api.run("audit", "keys", "rotate").stdout
    told = api.run("audit", "keys", "list").stdout
    assert told.count("sig-") == 2
    assert first["public"] in told
    private = json.loads((tmp_path / "keys.json").read_text())["keys"][-1]["private"]
    assert private not in told


def test_a_beginning_that_was_cut_off_is_no_retention() -> None:
    """Of a topic that is kept for ever somebody took it; of another one it may be gone by rights."""
    wrong, told = audit_record.cut(TOPIC, 7)
    assert (wrong, "TAKEN FROM THE LOG" in told, "begins at offset 7" in told) == (True, True, True)
    assert audit_record.cut("muniment.jobs", 7)[0] is False
