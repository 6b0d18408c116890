"""The verifier of evidence bundles: what holds is proved, and whatever was done to a bundle is found and located."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from support.bundles import TOPIC, SealedLog, record, usual, write

from muniment.producers.signing import Signer
from muniment.schemas.proofs.bundle import MANIFEST, PURPOSE, SEAL, seal_as_json
from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, encode
from muniment.schemas.proofs.merkle import leaf_hash
from muniment.schemas.proofs.verifier import verify

Run = tuple[int, str]


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys" / "signing.json")


@pytest.fixture
def bundle(tmp_path: Path, signer: Signer) -> Path:
    """Every leaf of a log with two kinds of innocent gaps, under two checkpoints of two keys."""
    return write(tmp_path / "bundle", signer, [SealedLog(signer, usual()).part()])


def checked(capsys: pytest.CaptureFixture[str], *arguments: object) -> Run:
    code = verify.main([str(one) for one in arguments])
    return code, capsys.readouterr().out


def lines_of(bundle: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bundle / "leaves.jsonl").read_text().splitlines()]


def put(bundle: Path, lines: list[dict[str, Any]]) -> None:
    (bundle / "leaves.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_bundle_as_it_was_made_is_proved(bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer) -> None:
    """Gaps of retention and of transactions are told, and are nothing wrong."""
    key = signer.public_keys()[0].value.hex()
    code, out = checked(capsys, bundle, "--key", key)
    assert code == 0, out
    assert out.splitlines() == [
        f"note  {TOPIC}:0:0 to 2: no record, the log began later when this was sealed (retention)",
        f"note  {TOPIC}:0:8 to 8: no record, a marker of a transaction (control)",
        (
            f"PROVED: 16 records of 1 partitions, range {TOPIC}:0:0-19, made 2026-11-22T10:15:00+00:00; whether"
            " newer checkpoints were signed, no bundle can tell"
        ),
    ]


def test_the_first_key_is_for_the_reader_to_compare(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--key` it is shown; with another one nothing is proved."""
    assert "note  first key " in checked(capsys, bundle)[1]
    code, out = checked(capsys, bundle, "--key", "00" * 32)
    assert code == 1
    assert "is not the first key that you trust" in out
    assert "WRONG manifest.json" in out


def test_a_zip_file_is_as_good_as_a_folder(bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The same files, the same answer."""
    shutil.make_archive(str(tmp_path / "packed"), "zip", bundle)
    assert checked(capsys, tmp_path / "packed.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "packed.zip", "a") as archive:
        archive.writestr("more.txt", "x")
    code, out = checked(capsys, tmp_path / "packed.zip")
    assert (code, "WRONG more.txt was added" in out) == (1, True)


def flip(name: str) -> Callable[[dict[str, Any]], None]:
    def change(line: dict[str, Any]) -> None:
        line[name] = "A" + line[name][1:] if line[name][0] != "A" else "B" + line[name][1:]

    return change


RECORD_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "value": flip("value"),
    "key": flip("key"),
    "no key": lambda line: line.update(key=None),
    "empty value": lambda line: line.update(value=""),
    "time": lambda line: line.update(timestamp_ms=line["timestamp_ms"] + 1),
    "header value": lambda line: line["headers"][0].__setitem__(1, "AAAA"),
    "header name": lambda line: line["headers"][0].__setitem__(0, "ce_it"),
    "null header made empty": lambda line: line["headers"][2].__setitem__(1, ""),
    "header gone": lambda line: line["headers"].pop(),
    "headers in another order": lambda line: line["headers"].reverse(),
    "proof": lambda line: line["path"].__setitem__(0, "00" * 32),
    "shorter proof": lambda line: line["path"].pop(),
    "another number": lambda line: line.update(leaf_index=line["leaf_index"] + 1),
    "called lost": lambda line: line.update(kind="lost", why="retention", leaf_hash="00" * 32),
    "called a gap": lambda line: line.update(kind="gap", next_offset=line["offset"] + 1, reason="control"),
}


@pytest.mark.parametrize("change", RECORD_CHANGES.values(), ids=RECORD_CHANGES)
def test_a_changed_record_is_named(
    bundle: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], None]
) -> None:
    """Whatever of it was changed, it and no other is named."""
    lines = lines_of(bundle)
    change(lines[4])
    put(bundle, lines)
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG {TOPIC}:0:6 is not what was sealed: it was altered, or never was on the log" in out
    places = {line.split()[1] for line in out.splitlines() if line.startswith("WRONG") and TOPIC in line}
    # With its neighbour's number it stands in the neighbour's place.
    assert places - ({f"{TOPIC}:0:7"} if "reordered" in out else set()) == {f"{TOPIC}:0:6"}


def test_a_record_that_was_left_out_cannot_be_called_lost(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its hash proves it to have been there, and the manifest says that it was in the bundle, too."""
    lines = lines_of(bundle)
    digest = leaf_hash(encode(record(6))).hex()
    kept = {name: lines[4][name] for name in ("topic", "partition", "offset", "leaf_index", "path")}
    lines[4] = {**kept, "kind": "lost", "why": "retention", "leaf_hash": digest}
    put(bundle, lines)
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG {TOPIC}:0:6 is not what the manifest names: a record" in out


def test_a_line_that_is_no_leaf_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the record that it was."""
    path = bundle / "leaves.jsonl"
    raw = path.read_text().splitlines()
    raw[4] = raw[4].replace('"value":"', '"value":"%')
    path.write_text("\n".join(raw) + "\n")
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG leaves.jsonl line 5 cannot be read; it was {TOPIC}:0:6" in out
    for wrong in ('{"kind": "lost"}', "[]", "{}", raw[4].replace('"offset":6', '"offset":"6"')):
        path.write_text("\n".join([*raw[:4], wrong, *raw[5:]]) + "\n")
        assert f"WRONG leaves.jsonl line 5 cannot be read; it was {TOPIC}:0:6" in checked(capsys, bundle)[1]


def test_a_removed_record_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the manifest, and by the hole that it leaves in the range."""
    lines = lines_of(bundle)
    del lines[4]
    put(bundle, lines)
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG {TOPIC}:0:6 was removed" in out
    assert f"WRONG {TOPIC}:0:6 to 6: nothing stands for these offsets" in out


def test_an_inserted_record_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has no proof, and the manifest does not know it."""
    lines = lines_of(bundle)
    lines.insert(4, {**lines[4], "offset": 99})
    lines.append(dict(lines[5]))
    lines.append({**lines[5], "topic": "muniment.other"})
    put(bundle, lines)
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG {TOPIC}:0:99 was inserted" in out
    assert f"WRONG {TOPIC}:0:6 is there twice" in out
    assert "WRONG muniment.other:0:6 was inserted" in out


def test_reordered_records_are_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is what it was, but not where."""
    lines = lines_of(bundle)
    lines[4], lines[5] = lines[5], lines[4]
    put(bundle, lines)
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG {TOPIC}:0:6 is not in its place: the records were reordered" in out


def test_a_forged_checkpoint_is_named(bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Its text changed, or signed by somebody else, or of another installation."""
    note = bundle / "checkpoints" / f"{TOPIC}-0-18.note"
    good = note.read_text()
    note.write_text(good.replace("next-offset 20", "next-offset 21"))
    code, out = checked(capsys, bundle)
    assert code == 1
    assert f"WRONG checkpoints/{TOPIC}-0-18.note is forged" in out
    assert f"WRONG {TOPIC}:0 has no good checkpoint of 18 leaves" in out
    stranger = SealedLog(Signer(tmp_path / "stranger.json"), usual()).notes[18]
    note.write_text(stranger)
    assert f"WRONG checkpoints/{TOPIC}-0-18.note is forged" in checked(capsys, bundle)[1]
    note.write_text("nothing")
    assert f"WRONG checkpoints/{TOPIC}-0-18.note is forged" in checked(capsys, bundle)[1]


def test_a_checkpoint_that_was_kept_outside_counts(
    bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Whoever has the keys and rewrote the log is found out by what they cannot take back."""
    kept = tmp_path / "kept.note"
    kept.write_text((bundle / "checkpoints" / f"{TOPIC}-0-18.note").read_text())
    assert checked(capsys, bundle, "--checkpoint", kept)[0] == 0
    other = usual()
    other[4] = record(6, value=b"rewritten")
    rewritten = write(tmp_path / "rewritten", signer, [SealedLog(signer, other).part()])
    assert checked(capsys, rewritten)[0] == 0
    code, out = checked(capsys, rewritten, "--checkpoint", kept)
    assert code == 1
    assert f"WRONG {kept} contradicts another checkpoint of {TOPIC}:0 of 18 leaves" in out


def test_a_kept_checkpoint_of_another_partition_says_nothing(
    bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Whoever took the wrong file is told so, and not let believe that it was compared."""
    kept = tmp_path / "kept.note"
    kept.write_text(SealedLog(signer, usual("muniment.chunks")).notes[18])
    # Made anew, with the keys that have been made since.
    again = write(tmp_path / "again", signer, [SealedLog(signer, usual()).part()])
    code, out = checked(capsys, again, "--checkpoint", kept)
    assert code == 0, out
    told = f"note  {kept} is of muniment.chunks:0, of which this bundle has nothing: it says nothing about it"
    assert told in out.splitlines()
    assert "of which this bundle has nothing" not in checked(capsys, again)[1]


def test_a_kept_checkpoint_of_a_newer_key_is_not_called_forged(
    bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """A bundle cannot know the keys that came after it; a root of its own size that is another one is no less wrong."""
    newer, other = SealedLog(signer, usual(), (7, 17)), SealedLog(signer, [record(n) for n in range(20)])
    kept = tmp_path / "kept.note"
    kept.write_text(newer.notes[17])
    code, out = checked(capsys, bundle, "--checkpoint", kept)
    assert code == 0, out
    (note,) = [line for line in out.splitlines() if str(kept) in line]
    assert note.startswith(f"note  {kept} was signed with sig-")
    assert "a key that is not in this bundle: if it is newer than the bundle, have that exported anew" in note
    kept.write_text(other.notes[18])
    code, out = checked(capsys, bundle, "--checkpoint", kept)
    assert code == 1
    assert f"WRONG {kept} contradicts another checkpoint of {TOPIC}:0 of 18 leaves, and its key sig-" in out


def test_a_kept_file_that_is_no_good_checkpoint_is_told_apart(
    bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Forged where the key is known and has not signed it; of another house; or no checkpoint at all."""
    kept = tmp_path / "kept.note"
    good = (bundle / "checkpoints" / f"{TOPIC}-0-18.note").read_text()
    stranger = SealedLog(Signer(tmp_path / "stranger.json"), usual()).notes[18]
    for text, told in (
        (
            good.replace("next-offset 20", "next-offset 21"),
            "is forged: no key of this installation signed this checkpoint",
        ),
        (stranger, "is a checkpoint of another installation"),
        ("nothing", "is no checkpoint: it cannot be read"),
    ):
        kept.write_text(text)
        code, out = checked(capsys, bundle, "--checkpoint", kept)
        assert (code, f"WRONG {kept} {told}" in out) == (1, True), out


def test_a_checkpoint_that_does_not_follow_from_the_one_before_is_found(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Two histories, each signed: no proof joins them."""
    one, other = SealedLog(signer, usual()), SealedLog(signer, [record(n) for n in range(20)], (7, 18))
    part = one.part()
    mixed = type(part)(part.topic, 0, 18, {7: other.notes[7], 18: one.notes[18]}, part.grown, part.items)
    code, out = checked(capsys, write(tmp_path / "mixed", signer, [mixed]))
    assert code == 1
    assert f"WRONG {TOPIC}:0 the checkpoint of 7 leaves is not proved to be the beginning of that of 18" in out


def test_checkpoints_that_nothing_ties_to_each_other_prove_nothing(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Two histories, each signed, and no proof: of the bundle's own that is wrong, of a kept one it is said."""
    one, other = SealedLog(signer, usual()), SealedLog(signer, [record(n) for n in range(20)], (7, 18))
    part = one.part()
    mixed = type(part)(part.topic, 0, 18, {7: other.notes[7], 18: one.notes[18]}, (), part.items)
    told = f"{TOPIC}:0 nothing here proves the checkpoint of 7 leaves to be the beginning of that of 18"
    code, out = checked(capsys, write(tmp_path / "mixed", signer, [mixed]))
    assert (code, f"WRONG {told}" in out) == (1, True)
    alone = write(tmp_path / "alone", signer, [type(part)(part.topic, 0, 18, {18: one.notes[18]}, (), part.items)])
    kept = tmp_path / "kept.note"
    kept.write_text(other.notes[7])
    code, out = checked(capsys, alone, "--checkpoint", kept)
    assert f"note  {told}: the one that you kept says nothing about this bundle" in out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("manifest.json", "WRONG manifest.json is not what was signed"),
        ("keys.json", "WRONG keys.json was altered"),
        ("schemas/7.avsc", "WRONG schemas/7.avsc was altered"),
        ("verify.py", "WRONG verify.py was altered"),
        ("consistency.json", "WRONG consistency.json was altered"),
    ],
)
def test_any_altered_file_is_named(bundle: Path, capsys: pytest.CaptureFixture[str], name: str, told: str) -> None:
    """Every byte of every file counts, if only a space."""
    with (bundle / name).open("a") as out:
        out.write(" ")
    code, said = checked(capsys, bundle)
    assert (code, told in said) == (1, True), said
    (bundle / "schemas" / "7.avsc").unlink()
    assert "WRONG schemas/7.avsc was removed" in checked(capsys, bundle)[1]


def test_a_key_that_nobody_vouched_for_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a stranger's in the chain, nor one under the name of another."""
    path = bundle / "keys.json"
    good = json.loads(path.read_text())
    path.write_text(json.dumps([good[0], {**good[1], "endorsement": "00" * 64}, good[2]]))
    assert f"WRONG key {good[1]['key_id']} was not vouched for by the key before it" in checked(capsys, bundle)[1]
    path.write_text(json.dumps([{**good[0], "key_id": good[1]["key_id"]}, *good[1:]]))
    assert f"WRONG key {good[1]['key_id']} has not the id that belongs to it" in checked(capsys, bundle)[1]


def test_records_that_were_missing_when_it_was_sealed_are_tampering(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Unlike retention and markers, nothing explains them."""
    leaves = [*usual()[:4], Gap(TOPIC, 0, 6, 8, GapReason.MISSING), *usual()[6:]]
    part = SealedLog(signer, leaves, (7, 17)).part()
    code, out = checked(capsys, write(tmp_path / "holed", signer, [part]))
    assert code == 1
    assert f"WRONG {TOPIC}:0:6 to 7: records were missing when this was sealed, and nothing says why" in out


def test_records_that_are_gone_since_are_told_apart(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """By retention is to be known; out of the middle is tampering; what was sealed there is proved all the same."""
    part = SealedLog(signer, usual()).part(lost={1: "retention", 9: "missing"})
    code, out = checked(capsys, write(tmp_path / "gone", signer, [part]))
    assert code == 1
    assert f"note  {TOPIC}:0:3: sealed, and gone since by retention: the log begins later now" in out
    assert [line for line in out.splitlines() if line.startswith("WRONG")] == [
        f"WRONG {TOPIC}:0:11 was sealed, and was taken from the log since"
    ]


@pytest.mark.parametrize("why", ["cut_short", "retention"])
def test_no_retention_takes_from_a_log_that_is_kept_for_ever(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path, why: str
) -> None:
    """What is gone with its beginning was cut off, whatever it is called; that it began late at first, is a note."""
    leaves = [*usual()[:4], Gap(TOPIC, 0, 6, 8, GapReason.RETENTION), *usual()[6:]]
    log, lost = SealedLog(signer, leaves, (7, 17)), dict.fromkeys((1, 2, 3), why)
    code, out = checked(capsys, write(tmp_path / "kept", signer, [log.part(lost=lost, for_ever=True)]))
    assert code == 1, out
    assert f"note  {TOPIC}:0:0 to 2: no record, the log began later when this was sealed (retention)" in out
    told = "no retention did that: it is kept for ever"
    assert [line for line in out.splitlines() if line.startswith("WRONG")] == [
        *(
            f"WRONG {TOPIC}:0:{offset} was sealed, and is gone since with the beginning of the log, and {told}"
            for offset in (3, 4, 5)
        ),
        f"WRONG {TOPIC}:0:6 to 7: the beginning of the log was cut off before these were sealed, and {told}",
    ]


def test_a_bundle_from_before_logs_were_said_to_be_kept_for_ever_is_proved_as_it_was(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Its manifest does not say it, so what it calls retention is a note."""
    path = write(tmp_path / "old", signer, [SealedLog(signer, usual()).part(lost={1: "retention"})])
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["logs"][0]["for_ever"]
    (path / MANIFEST).write_text(json.dumps(manifest))
    (path / SEAL).write_bytes(seal_as_json(signer.sign(PURPOSE, (path / MANIFEST).read_bytes())))
    code, out = checked(capsys, path)
    assert code == 0, out
    assert f"note  {TOPIC}:0:3: sealed, and gone since by retention: the log begins later now" in out


def sign_again(bundle: Path, signer: Signer, lines: list[dict[str, Any]]) -> None:
    """What the house itself can do: other lines, and a manifest that says the same, signed."""
    put(bundle, lines)
    manifest = json.loads((bundle / MANIFEST).read_text())
    digests = {leaf[0]: leaf[2] for leaf in manifest["logs"][0]["leaves"]}
    kinds = [f"lost, {line['why']}" if line["kind"] == "lost" else line["kind"] for line in lines]
    manifest["logs"][0]["leaves"] = [
        [line["offset"], line["leaf_index"], line.get("leaf_hash", digests.get(line["offset"])), kind]
        for line, kind in zip(lines, kinds, strict=True)
    ]
    manifest["files"]["leaves.jsonl"] = sha256((bundle / "leaves.jsonl").read_bytes()).hexdigest()
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    (bundle / SEAL).write_bytes(seal_as_json(signer.sign(PURPOSE, (bundle / MANIFEST).read_bytes())))


def as_lost(line: dict[str, Any], leaf: Leaf, **more: Any) -> dict[str, Any]:
    kept = {name: line[name] for name in ("topic", "partition", "offset", "leaf_index", "path")}
    return {**kept, "kind": "lost", "why": "retention", "leaf_hash": leaf_hash(encode(leaf)).hex(), **more}


@pytest.mark.parametrize("kind", ["record", "lost"])
def test_no_line_but_a_gap_stands_for_more_than_its_offset(
    bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer, kind: str
) -> None:
    """Whoever signs the manifest cannot leave records out by saying of the one before that it goes on to after them."""
    lines = lines_of(bundle)
    if kind == "lost":
        lines[7] = as_lost(lines[7], usual()[7])
    assert lines[7]["offset"] == 9
    lines[7]["next_offset"] = 15
    sign_again(bundle, signer, [line for line in lines if not 10 <= line["offset"] <= 14])
    code, out = checked(capsys, bundle)
    assert code == 1, out
    assert f"WRONG {TOPIC}:0:10 to 14: nothing stands for these offsets" in out


def test_leaves_of_a_range_follow_each_other(bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer) -> None:
    """A lost record's offset is no part of what was hashed: its number shows that another leaf stands in its place."""
    lines = lines_of(bundle)
    lost = as_lost(lines[1], usual()[0], **{name: lines[0][name] for name in ("leaf_index", "path")})
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["what"] = f"{TOPIC}:0:3-19"
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    sign_again(bundle, signer, [lost, *lines[2:]])
    code, out = checked(capsys, bundle)
    assert code == 1, out
    assert [line for line in out.splitlines() if line.startswith("WRONG")] == [
        f"WRONG {TOPIC}:0:4 is leaf 2, and before it is leaf 0: what was sealed between them is not here"
    ]


def test_retention_takes_nothing_from_the_middle(
    bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer
) -> None:
    """A record that is there stood before those that are said to be gone with the log's beginning."""
    lines, leaves = lines_of(bundle), usual()
    for index in (9, 10):
        lines[index] = as_lost(lines[index], leaves[index])
    sign_again(bundle, signer, lines)
    code, out = checked(capsys, bundle)
    assert code == 1, out
    told = "is said to be gone by retention, which would have taken the records before it, too"
    assert [line for line in out.splitlines() if line.startswith("WRONG")] == [
        f"WRONG {TOPIC}:0:{offset} {told}" for offset in (11, 12)
    ]


def test_a_gap_by_retention_has_no_record_before_it(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """It was sealed as the beginning of the log, and yet what was before that is there."""
    leaves = [*usual()[:4], Gap(TOPIC, 0, 6, 8, GapReason.RETENTION), *usual()[6:]]
    code, out = checked(capsys, write(tmp_path / "cut", signer, [SealedLog(signer, leaves, (7, 17)).part()]))
    assert code == 1, out
    assert f"WRONG {TOPIC}:0:6 is said to be gone by retention" in out
    lost = dict.fromkeys((1, 2, 3), "retention")
    gone = SealedLog(signer, leaves, (7, 17)).part(lost=lost)
    assert checked(capsys, write(tmp_path / "gone", signer, [gone]))[0] == 0


def test_a_line_of_an_unknown_kind_is_none(bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer) -> None:
    """It would be counted as no record, and yet hold for one."""
    lines = lines_of(bundle)
    lines[4]["kind"] = "records"
    sign_again(bundle, signer, lines)
    code, out = checked(capsys, bundle)
    assert code == 1, out
    assert f"WRONG leaves.jsonl line 5 cannot be read; it was {TOPIC}:0:6" in out


def test_a_bundle_of_one_document_has_many_partitions_and_no_holes_to_fill(
    capsys: pytest.CaptureFixture[str], signer: Signer, tmp_path: Path
) -> None:
    """Its records lie among others: what is between them is not asked for."""
    parts = [SealedLog(signer, usual(topic)).part([2, 5, 11]) for topic in (TOPIC, "muniment.chunks")]
    code, out = checked(capsys, write(tmp_path / "of", signer, parts, kind="document", what="some id"))
    assert code == 0, out
    assert "PROVED: 6 records of 2 partitions, document some id" in out


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    (tmp_path / "some.txt").write_text("x")
    for given in (tmp_path, tmp_path / "some.txt", tmp_path / "nowhere"):
        code, out = checked(capsys, given)
        assert (code, "cannot be checked" in out) == (2, True)


def test_a_wrong_call_is_not_laid_to_the_bundle(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that is none, or a checkpoint that is not there: exit code 2, and nothing is said to be forged."""
    for given, told in (
        (("--key", "ab"), "--key is no public key: 64 hexadecimal digits"),
        (("--checkpoint", bundle / "nothing"), f"the checkpoint {bundle / 'nothing'} cannot be read"),
    ):
        code, out = checked(capsys, bundle, *given)
        assert (code, told in out) == (2, True), out
        assert "WRONG" not in out
        assert "no bundle" not in out


def test_a_key_is_the_same_in_capitals(bundle: Path, capsys: pytest.CaptureFixture[str], signer: Signer) -> None:
    """And with the blanks that were copied with it."""
    key = signer.public_keys()[0].value.hex()
    assert checked(capsys, bundle, "--key", f" {key.upper()} ")[0] == 0


@pytest.mark.parametrize("changed", [("what", "x"), ("files", None), ("logs", [{}]), ("logs", 7)])
def test_what_was_found_is_told_where_the_rest_cannot_be_read(
    bundle: Path, capsys: pytest.CaptureFixture[str], changed: tuple[str, Any]
) -> None:
    """A manifest that was altered so that nothing can be looked up in it: it is named, and this is no proof."""
    name, value = changed
    manifest = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps({**manifest, "kind": "range", name: value}))
    code, out = checked(capsys, bundle)
    assert (code, "WRONG manifest.json is not what was signed" in out) == (1, True), out
    assert "can be checked no further" in out


def test_a_leaf_that_was_cut_in_the_manifest_is_told(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands for a record there may lack its digest, or everything."""
    whole = json.loads((bundle / MANIFEST).read_text())
    for leaves in ([[]], [[3]]):
        (bundle / MANIFEST).write_text(json.dumps({**whole, "logs": [{**whole["logs"][0], "leaves": leaves}]}))
        code, out = checked(capsys, bundle)
        assert (code, "WRONG manifest.json is not what was signed" in out) == (1, True), out


def test_a_damaged_zip_file_is_no_proof(bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whichever byte of it was flipped: it is said, and never a traceback or a proof of something else."""
    shutil.make_archive(str(tmp_path / "packed"), "zip", bundle)
    packed = tmp_path / "packed.zip"
    good = packed.read_bytes()
    honest = checked(capsys, packed)
    for at in range(0, len(good), len(good) // 150):
        packed.write_bytes(good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :])
        found = checked(capsys, packed)
        # Some bytes say when a file was packed, or by which system: the files are the same.
        assert found == honest or found[0] in {1, 2}, (at, found)


def test_it_runs_with_nothing_but_cryptography(bundle: Path, tmp_path: Path) -> None:
    """Isolated, without site-packages of ours; a bundle that was tampered with ends it with 1."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    site = Path(str(distribution("cryptography").locate_file(""))).resolve()
    for entry in site.iterdir():
        if entry.name.startswith(("cryptography", "cffi", "_cffi", "pycparser")):
            (libraries / entry.name).symlink_to(entry)
    code = f"import sys, runpy; sys.path.append({str(libraries)!r}); sys.argv = ['verify.py']; "
    code += f"runpy.run_path({str(bundle / 'verify.py')!r}, run_name='__main__')"

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-c", code]
        env = {"PATH": os.defpath}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=env)

    done = run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    lines = lines_of(bundle)
    RECORD_CHANGES["value"](lines[4])
    put(bundle, lines)
    done = run()
    assert (done.returncode, done.stderr) == (1, "")
    assert f"WRONG {TOPIC}:0:6 is not what was sealed" in done.stdout


def test_it_makes_the_same_leaves_as_we_do() -> None:
    """Two implementations, one encoding."""
    own = runpy.run_path(verify.__file__)
    for leaf in (*usual(), Gap(TOPIC, 0, 6, 8, GapReason.MISSING)):
        line: dict[str, Any] = {"topic": leaf.topic, "partition": leaf.partition, "offset": leaf.offset}
        if isinstance(leaf, Gap):
            line |= {"kind": "gap", "next_offset": leaf.next_offset, "reason": leaf.reason.value}
        else:
            from muniment.schemas.proofs.bundle import _b64

            headers = [[name, _b64(value)] for name, value in leaf.headers]
            line |= {"kind": "record", "timestamp_ms": leaf.timestamp_ms, "headers": headers}
            line |= {"key": _b64(leaf.key), "value": _b64(leaf.value)}
        assert own["leaf_hash"](line) == leaf_hash(encode(leaf))
