"""Checks an evidence bundle of Muniment, offline: `python -I verify.py [BUNDLE] [--key HEX] [--checkpoint FILE]`.

One file, which needs Python 3.11 and `cryptography`, and nothing of Muniment. BUNDLE is a folder or a zip file; without
it, the folder of this file. Prints what is wrong, each with its place (topic:partition:offset), and what is to be
known. Exit code 0: all holds. 1: something does not. 2: it could not be checked.

Trust comes from outside: `--key` is the first public key of the installation, as it was when you began to trust it;
`--checkpoint` (may be given again) a checkpoint that you, or a place that nobody can rewrite, kept.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

REASONS = {"retention": 1, "control": 2, "missing": 3}
Json = dict[str, Any]
Log = tuple[str, int]
Logs = dict[Log, Json]
Heads = dict[Log, dict[int, bytes]]
Line = tuple[Log, Json, bytes]
HEAD = b"\x00muniment signature v1\x00"
FORGED = "is forged: no key of this installation signed this checkpoint"
ELSEWHERE = "is a checkpoint of another installation"
DAMAGED = (
    *(OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a bundle raises that is none, or not a whole one any more."""


def sha(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def signed(public: bytes, message: bytes, value: bytes) -> bool:
    """Whether this key signed these bytes (Ed25519, RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def for_purpose(purpose: str, payload: bytes) -> bytes:
    """What is signed when a payload is signed for a purpose."""
    return HEAD + len(purpose).to_bytes(4, "big") + purpose.encode() + payload


def text_of(text: str) -> bytes:
    """Length and UTF-8."""
    raw = text.encode("utf-8", "surrogateescape")
    return len(raw).to_bytes(4, "big") + raw


def maybe(value: str | None) -> bytes:
    """Bytes or null, from base64 or None."""
    if value is None:
        return b"\x00"
    raw = base64.b64decode(value, validate=True)
    return b"\x01" + len(raw).to_bytes(4, "big") + raw


def number_of(value: Any) -> int:
    """A whole number; nothing else will do."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


def leaf_hash(line: Json) -> bytes:
    """The hash of the leaf that a line of leaves.jsonl stands for."""
    kind, offset = line["kind"], number_of(line["offset"])
    if kind not in ("record", "gap", "lost"):
        raise ValueError("no such kind of line")
    if kind == "lost":
        return bytes.fromhex(line["leaf_hash"]) if line["why"] else b""
    out = bytes((1, 1 if kind == "record" else 2)) + text_of(line["topic"])
    out += number_of(line["partition"]).to_bytes(4, "big") + offset.to_bytes(8, "big")
    if kind == "gap":
        return sha(
            b"\x00" + out + number_of(line["next_offset"]).to_bytes(8, "big") + bytes((REASONS[line["reason"]],))
        )
    out += line["timestamp_ms"].to_bytes(8, "big", signed=True) + maybe(line["key"])
    out += len(line["headers"]).to_bytes(4, "big")
    for name, value in line["headers"]:
        out += text_of(name) + maybe(value)
    return sha(b"\x00" + out + maybe(line["value"]))


def kind_of(line: Json) -> str:
    """What a line is, as the manifest names it."""
    return f"lost, {line['why']}" if line["kind"] == "lost" else str(line["kind"])


def end_of(line: Json) -> int:
    """The offset after those that a line stands for: of a gap what was hashed, of all else one more than its own."""
    return int(line["next_offset"] if line["kind"] == "gap" else line["offset"] + 1)


def by_retention(line: Json) -> bool:
    """Whether a line says that there is nothing because the log begins later."""
    return bool(line.get({"gap": "reason", "lost": "why"}.get(line["kind"], "")) == "retention")


def root_by(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    at, last = index, size - 1
    for one in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            leaf = sha(b"\x01" + one + leaf)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = sha(b"\x01" + leaf + one)
        at, last = at >> 1, last >> 1
    return leaf if last == 0 else None


def grew(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    """Whether a consistency proof holds (RFC 9162, section 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new:
        return False
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            first, second = sha(b"\x01" + one + first), sha(b"\x01" + one + second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = sha(b"\x01" + second + one)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, new_root)


def checkpoint_of(raw: bytes) -> Json | None:
    """What a signed note says (C2SP signed-note, tlog-checkpoint), whoever signed it; nothing of what is none."""
    try:
        text, _, signature = raw.decode().rpartition("\n\n")
        text += "\n"
        _, key_id, value = signature.rstrip("\n").split(" ")
        origin, size, root = text.split("\n")[:3]
        _, whose, topic, partition = origin.split("/")
        return {
            "whose": whose,
            "log": (topic, int(partition)),
            "size": int(size),
            "root": base64.b64decode(root),
            "key_id": key_id,
            "text": text.encode(),
            "signature": base64.b64decode(value)[4:],
        }
    except ValueError:
        return None


def contradiction(one: Json) -> str:
    """What is said of a checkpoint that has another root than one of the same size."""
    topic, partition = one["log"]
    return f"contradicts another checkpoint of {topic}:{partition} of {one['size']} leaves"


class Bundle:
    """Reads a bundle, and gathers what is wrong with it."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.archive = zipfile.ZipFile(path) if self.path.is_file() else None
        self.wrong: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.keys: dict[str, bytes] = {}

    def names(self) -> set[str]:
        """All files."""
        if self.archive:
            return {name for name in self.archive.namelist() if not name.endswith("/")}
        return {p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()}

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return self.archive.read(name) if self.archive else (self.path / name).read_bytes()

    def fail(self, where: str, what: str) -> None:
        """Something is wrong there."""
        if (where, what) not in self.wrong:
            self.wrong.append((where, what))

    def check(self, pinned: str, kept: list[tuple[str, bytes]]) -> tuple[Json, list[Line]]:
        """Check all of it."""
        manifest_bytes = self.read("manifest.json")
        self.check_keys(pinned)
        seal = json.loads(self.read("manifest.sig.json"))
        public = self.keys.get(seal["key_id"])
        message = for_purpose("evidence-bundle", manifest_bytes)
        if not public or not signed(public, message, bytes.fromhex(seal["signature"])):
            self.fail("manifest.json", "is not what was signed: it was altered, or signed by a stranger")
        manifest = json.loads(manifest_bytes)
        self.check_files(manifest["files"])
        logs = {(log["topic"], log["partition"]): log for log in manifest["logs"]}
        heads = self.check_checkpoints(manifest["installation"], logs, kept)
        self.check_growth(logs, heads)
        lines = self.check_leaves(logs, heads)
        self.check_order(logs, lines)
        self.check_retention(lines)
        if manifest["kind"] == "range":
            self.check_range(manifest["what"], lines)
        return manifest, lines

    def check_keys(self, pinned: str) -> None:
        """Every key has the id that follows from it, and was vouched for by the one before."""
        before = None
        for key in json.loads(self.read("keys.json")):
            public = bytes.fromhex(key["public"])
            name = f"key {key['key_id']}"
            if key["key_id"] != f"sig-{hashlib.sha256(public).hexdigest()[:16]}":
                self.fail(name, "has not the id that belongs to it")
            elif before is None:
                if pinned and key["public"].lower() != pinned:
                    self.fail(name, "is not the first key that you trust")
                    continue
                self.keys[key["key_id"]] = before = public
            elif signed(before, for_purpose("signing-key", public), bytes.fromhex(key["endorsement"] or "")):
                self.keys[key["key_id"]] = before = public
            else:
                self.fail(name, "was not vouched for by the key before it")
        if not pinned:
            first = next(iter(self.keys.values()), b"").hex()
            self.notes.append(f"first key {first}: compare it with the one that you trust, or give it as --key")

    def check_files(self, digests: dict[str, str]) -> None:
        """Every file is as the manifest says; what it does not name is not part of the evidence."""
        there = self.names() - {"manifest.json", "manifest.sig.json"}
        for name in sorted(digests.keys() | there):
            if name not in digests:
                self.fail(name, "was added")
            elif name not in there:
                self.fail(name, "was removed")
            elif hashlib.sha256(self.read(name)).hexdigest() != digests[name]:
                self.fail(name, "was altered")

    def check_checkpoints(self, installation: str, logs: Logs, kept: list[tuple[str, bytes]]) -> Heads:
        """Every checkpoint is signed, and of this installation; gives sizes and roots by log."""
        heads: Heads = {}
        own = [(name, self.read(name)) for name in sorted(self.names()) if name.startswith("checkpoints/")]
        for number, (name, raw) in enumerate([*own, *kept]):
            one, is_kept = checkpoint_of(raw), number >= len(own)
            if one is None:
                self.fail(name, "is no checkpoint: it cannot be read" if is_kept else FORGED)
            elif is_kept and one["whose"] == installation and one["key_id"] not in self.keys:
                self.unknown_key(name, one, heads)
            elif not signed(self.keys.get(one["key_id"], b""), one["text"], one["signature"]):
                self.fail(name, ELSEWHERE if is_kept and one["whose"] != installation else FORGED)
            elif one["whose"] != installation:
                self.fail(name, ELSEWHERE)
            else:
                self.take(name, one, heads)
                if is_kept and one["log"] not in logs:
                    of = f"{one['log'][0]}:{one['log'][1]}"
                    self.notes.append(f"{name} is of {of}, of which this bundle has nothing: it says nothing about it")
        for place, wanted in logs.items():
            if wanted["size"] not in heads.get(place, {}):
                self.fail(f"{place[0]}:{place[1]}", f"has no good checkpoint of {wanted['size']} leaves")
        return heads

    def take(self, name: str, one: Json, heads: Heads) -> None:
        """Note the size and root of a good checkpoint."""
        log = heads.setdefault(one["log"], {})
        if log.setdefault(one["size"], one["root"]) != one["root"]:
            self.fail(name, contradiction(one))

    def unknown_key(self, name: str, one: Json, heads: Heads) -> None:
        """A checkpoint that was kept, and whose key is not here: only what it says otherwise counts."""
        if heads.get(one["log"], {}).get(one["size"], one["root"]) != one["root"]:
            self.fail(name, f"{contradiction(one)}, and its key {one['key_id']} is not in this bundle")
        else:
            told = f"was signed with {one['key_id']}, a key that is not in this bundle"
            told += ": if it is newer than the bundle, have that exported anew; else it is forged"
            self.notes.append(f"{name} {told}. It says nothing about this bundle")

    def check_growth(self, logs: Logs, heads: Heads) -> None:
        """Older checkpoints are the beginnings of newer ones, and each is tied to the one that the proofs lead to."""
        tied: set[tuple[Log, int, int]] = set()
        for one in json.loads(self.read("consistency.json")):
            log = heads.get((one["topic"], one["partition"]), {})
            old, new = one["from"], one["to"]
            path = [bytes.fromhex(text) for text in one["path"]]
            if old in log and new in log and not grew(old, log[old], new, log[new], path):
                told = f"the checkpoint of {old} leaves is not proved to be the beginning of that of {new}"
                self.fail(f"{one['topic']}:{one['partition']}", told)
            tied.add(((one["topic"], one["partition"]), old, new))
        own = self.names()
        for (topic, partition), wanted in logs.items():
            for size in heads.get((topic, partition), {}).keys() - {wanted["size"]}:
                old, new = sorted((size, wanted["size"]))
                if ((topic, partition), old, new) in tied:
                    continue
                place = f"{topic}:{partition}"
                told = f"nothing here proves the checkpoint of {old} leaves to be the beginning of that of {new}"
                if f"checkpoints/{topic}-{partition}-{size}.note" in own:
                    self.fail(place, told)
                else:
                    self.notes.append(f"{place} {told}: the one that you kept says nothing about this bundle")

    def check_leaves(self, logs: Logs, heads: Heads) -> list[Line]:
        """Every leaf leads to the root that was signed."""
        lines: list[Line] = []
        for number, raw in enumerate(self.read("leaves.jsonl").splitlines(), 1):
            try:
                line = json.loads(raw)
                place = f"{line['topic']}:{line['partition']}:{line['offset']}"
                log = line["topic"], line["partition"]
                digest = leaf_hash(line)
                path = [bytes.fromhex(one) for one in line["path"]]
                index = number_of(line["leaf_index"])
            except (KeyError, ValueError, TypeError, OverflowError, AttributeError, binascii.Error):
                self.fail(f"leaves.jsonl line {number}", f"cannot be read{self.expected(logs, number)}")
                continue
            lines.append((log, line, digest))
            size = logs.get(log, {}).get("size", 0)
            root = heads.get(log, {}).get(size)
            if root is not None and root_by(index, size, digest, path) != root:
                self.fail(place, "is not what was sealed: it was altered, or never was on the log")
            elif log not in logs:
                self.fail(place, "was inserted: the bundle is not of this partition")
            elif line["kind"] == "gap":
                cut = index > 0 and logs[log].get("for_ever", False)
                self.gap(place, line["next_offset"] - 1, line["reason"], cut=cut)
            elif line["kind"] == "lost":
                self.lost(place, line["why"], for_ever=logs[log].get("for_ever", False))
        return lines

    def expected(self, logs: Logs, number: int) -> str:
        """Which leaf a line should have been."""
        places = [f"{t}:{p}:{leaf[0]}" for (t, p), log in logs.items() for leaf in log["leaves"]]
        return f"; it was {places[number - 1]}" if number <= len(places) else ""

    def gap(self, place: str, last: int, reason: str, *, cut: bool) -> None:
        """What a gap means. `cut`: there were records before it, on a log that is kept for ever."""
        if cut and reason == "retention":
            told = "the beginning of the log was cut off before these were sealed, and no retention did that"
            self.fail(place, f"to {last}: {told}: it is kept for ever")
        elif reason == "missing":
            self.fail(place, f"to {last}: records were missing when this was sealed, and nothing says why")
        else:
            why = {"retention": "the log began later when this was sealed", "control": "a marker of a transaction"}
            self.notes.append(f"{place} to {last}: no record, {why[reason]} ({reason})")

    def lost(self, place: str, why: str, *, for_ever: bool) -> None:
        """What it means that a sealed record is not there any more."""
        if why == "cut_short" or (for_ever and why == "retention"):
            told = "was sealed, and is gone since with the beginning of the log, and no retention did that"
            self.fail(place, f"{told}: it is kept for ever")
        elif why == "retention":
            self.notes.append(f"{place}: sealed, and gone since by retention: the log begins later now")
        else:
            self.fail(place, "was sealed, and was taken from the log since")

    def check_order(self, logs: Logs, lines: list[Line]) -> None:
        """Nothing was removed, inserted, doubled or put elsewhere."""
        for log, found in logs.items():
            sealed = {leaf[0]: tuple(leaf[1:]) for leaf in found["leaves"]}
            there = [
                (line["offset"], line["leaf_index"], kind_of(line), digest)
                for name, line, digest in lines
                if name == log
            ]
            seen: set[int] = set()
            before = -1
            for offset, index, kind, digest in there:
                place = f"{log[0]}:{log[1]}:{offset}"
                if offset not in sealed:
                    self.fail(place, "was inserted: the manifest does not name it")
                elif offset in seen:
                    self.fail(place, "is there twice")
                elif index <= before:
                    self.fail(place, "is not in its place: the records were reordered")
                elif (index, digest.hex(), kind) != sealed[offset]:
                    self.fail(place, f"is not what the manifest names: a {sealed[offset][2]}")
                seen.add(offset)
                before = max(before, index)
            for offset in sealed.keys() - seen:
                self.fail(f"{log[0]}:{log[1]}:{offset}", "was removed")

    def check_retention(self, lines: list[Line]) -> None:
        """Retention takes from the beginning only: behind a record that is there it cannot have been."""
        begins: dict[Log, int] = {}
        for log, line, _ in lines:
            if line["kind"] == "record":
                begins[log] = min(begins.get(log, line["leaf_index"]), line["leaf_index"])
        for log, line, _ in lines:
            if by_retention(line) and line["leaf_index"] > begins.get(log, line["leaf_index"]):
                told = "is said to be gone by retention, which would have taken the records before it, too"
                self.fail(f"{log[0]}:{log[1]}:{line['offset']}", told)

    def check_range(self, what: str, lines: list[Line]) -> None:
        """A range has every offset, whatever the manifest says."""
        topic, partition, span = what.rsplit(":", 2)
        at, last = map(int, span.split("-"))
        before = None
        found = [line for log, line, _ in lines if log == (topic, int(partition))]
        for line in sorted(found, key=lambda one: (one["offset"], one["leaf_index"])):
            index = line["leaf_index"]
            if line["offset"] > at:
                self.fail(f"{topic}:{partition}:{at}", f"to {line['offset'] - 1}: nothing stands for these offsets")
            elif before is not None and index != before + 1:
                told = f"is leaf {index}, and before it is leaf {before}: what was sealed between them is not here"
                self.fail(f"{topic}:{partition}:{line['offset']}", told)
            at, before = max(at, end_of(line)), index
        if at <= last:
            self.fail(f"{topic}:{partition}:{at}", f"to {last}: nothing stands for these offsets")


def main(arguments: list[str] | None = None) -> int:
    """Check a bundle and say what came of it; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("bundle", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--key", help="first public key of the installation, hexadecimal")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that was kept elsewhere")
    given = parser.parse_args(arguments)
    pinned = (given.key or "").strip().lower()
    if given.key is not None and not re.fullmatch("[0-9a-f]{64}", pinned):
        print("cannot be checked: --key is no public key: 64 hexadecimal digits")
        return 2
    try:
        kept = [(name, Path(name).read_bytes()) for name in given.checkpoint]
    except OSError as error:
        print(f"cannot be checked: the checkpoint {error.filename} cannot be read: {error.strerror}")
        return 2
    wrong: list[tuple[str, str]] = []
    try:
        bundle = Bundle(given.bundle)
        wrong = bundle.wrong
        manifest, lines = bundle.check(pinned, kept)
    except DAMAGED as error:
        for where, what in wrong:
            print(f"WRONG {where} {what}")
        told = "can be checked no further" if wrong else "cannot be checked"
        print(f"{told}: {given.bundle} is no bundle, or a damaged one ({type(error).__name__}: {error})")
        return 1 if wrong else 2
    for note in bundle.notes:
        print(f"note  {note}")
    for where, what in bundle.wrong:
        print(f"WRONG {where} {what}")
    kinds = [line["kind"] for _, line, _ in lines]
    told = (
        f"{kinds.count('record')} records of {len(manifest['logs'])} partitions, {manifest['kind']} {manifest['what']}"
    )
    if bundle.wrong:
        print(f"NOT PROVED: {told}: {len(bundle.wrong)} things are wrong")
        return 1
    # What was signed after these, and taken back, shows only where checkpoints are kept outside.
    print(f"PROVED: {told}, made {manifest['made_at']}; whether newer checkpoints were signed, no bundle can tell")
    return 0


if __name__ == "__main__":
    sys.exit(main())
