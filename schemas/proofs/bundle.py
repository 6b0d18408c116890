"""An evidence bundle: records with all that proves them, as files that somebody else can check without us.

    manifest.json     what was asked for, what is in it, and the SHA-256 of every other file
    manifest.sig.json the signature over the bytes of manifest.json, for the purpose `evidence-bundle`
    leaves.jsonl      one leaf a line, in order: a record as it lies on the log, a gap, or a record that is lost
    checkpoints/      the signed notes that the proofs lead to
    consistency.json  that the older of these checkpoints are beginnings of the newer ones
    keys.json         public keys, each with the endorsement of the one before
    schemas/          the Avro schemas of the records, by their ids
    verify.py         the verifier; README.txt says how to run it

Bytes are base64, hashes hexadecimal. `docs/audit.md` has every field.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

from muniment.schemas.proofs.leaves import Gap, LogRecord
from muniment.schemas.proofs.signatures import PublicKey, Signature

VERSION = 1
PURPOSE = "evidence-bundle"
MANIFEST, SEAL = "manifest.json", "manifest.sig.json"
README = """Evidence from Muniment.

Check it with Python 3.11 or newer and the package `cryptography`, offline:

    python -I verify.py .

The verifier was made by those whom it checks. It is one short file: read it, or write your own from docs/audit.md of
the project. Compare the first key that it prints with the one that you were given when you began to trust this
installation (--key), and the checkpoints with those that you keep outside (--checkpoint FILE).
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A sealed leaf, and what is on the log in its place.

    Attributes:
        topic, partition, offset: Where; a gap may go on to `next_offset`.
        leaf: What the log has there now; `None` when it has nothing.
        why: Why it has nothing: `retention`, when the log begins later now; `cut_short`, when it does, and is kept
            for ever; else `missing`.
        leaf_index, leaf_hash, path: Its proof.

    """

    topic: str
    partition: int
    offset: int
    next_offset: int
    leaf: LogRecord | Gap | None
    why: str | None
    leaf_index: int
    leaf_hash: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """That one checkpoint is the beginning of another, by their sizes."""

    old: int
    new: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What is in a bundle of one partition.

    `size` is that of the checkpoint that all proofs of its items lead to. `for_ever`: the log loses nothing.
    """

    topic: str
    partition: int
    size: int
    notes: Mapping[int, str]
    grown: tuple[Grown, ...]
    items: tuple[Item, ...]
    for_ever: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is of: `document`, `job` or `range`, which; and by whose clock it was made when."""

    kind: str
    what: str
    installation: str
    made_at: datetime


def contents(
    asked: Asked, parts: Sequence[Part], keys: Sequence[PublicKey], schemas: Mapping[int, str]
) -> dict[str, bytes]:
    """All files but the signature, which is over the manifest among them."""
    out = {
        "leaves.jsonl": "".join(f"{_dumped(_line(item))}\n" for part in parts for item in part.items).encode(),
        "consistency.json": _pretty([_grown(part, one) for part in parts for one in part.grown]),
        "keys.json": _pretty([key_as_json(key) for key in keys]),
        "README.txt": README.encode(),
        "verify.py": (files("muniment.schemas.proofs.verifier") / "verify.py").read_bytes(),
    }
    out |= {note_name(part, size): note.encode() for part in parts for size, note in part.notes.items()}
    out |= {f"schemas/{number}.avsc": text.encode() for number, text in schemas.items()}
    out[MANIFEST] = _pretty(_manifest(asked, parts, out))
    return out


def seal_as_json(signature: Signature) -> bytes:
    """The file with the signature over the manifest."""
    return _pretty({"purpose": PURPOSE, "key_id": signature.key_id, "signature": signature.value.hex()})


def note_name(part: Part, size: int) -> str:
    """The file of a checkpoint."""
    return f"checkpoints/{part.topic}-{part.partition}-{size}.note"


def key_as_json(key: PublicKey) -> dict[str, Any]:
    """A key of `keys.json`."""
    return {
        "key_id": key.key_id,
        "public": key.value.hex(),
        "created_at": key.created_at.isoformat(),
        "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        "endorsed_by": key.endorsement.key_id if key.endorsement else None,
        "endorsement": key.endorsement.value.hex() if key.endorsement else None,
    }


def _manifest(asked: Asked, parts: Sequence[Part], others: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "installation": asked.installation,
        "kind": asked.kind,
        "what": asked.what,
        "made_at": asked.made_at.isoformat(),
        "logs": [
            {
                "topic": part.topic,
                "partition": part.partition,
                "size": part.size,
                "for_ever": part.for_ever,
                "leaves": [[item.offset, item.leaf_index, item.leaf_hash.hex(), _kind(item)] for item in part.items],
            }
            for part in parts
        ],
        "files": {name: sha256(content).hexdigest() for name, content in sorted(others.items())},
    }


def _kind(item: Item) -> str:
    """So that nobody can pass off a record that they left out as one that is lost."""
    if item.leaf is None:
        return f"lost, {item.why}"
    return "gap" if isinstance(item.leaf, Gap) else "record"


def _line(item: Item) -> dict[str, Any]:
    out: dict[str, Any] = {"topic": item.topic, "partition": item.partition, "offset": item.offset}
    match item.leaf:
        case LogRecord():
            out |= {
                "kind": "record",
                "timestamp_ms": item.leaf.timestamp_ms,
                "key": _b64(item.leaf.key),
                "headers": [[name, _b64(value)] for name, value in item.leaf.headers],
                "value": _b64(item.leaf.value),
            }
        case Gap():
            out |= {"kind": "gap", "next_offset": item.leaf.next_offset, "reason": item.leaf.reason.value}
        case None:
            out |= {"kind": "lost", "why": item.why, "leaf_hash": item.leaf_hash.hex()}
    return out | {"leaf_index": item.leaf_index, "path": [one.hex() for one in item.path]}


def _grown(part: Part, grown: Grown) -> dict[str, Any]:
    return {
        "topic": part.topic,
        "partition": part.partition,
        "from": grown.old,
        "to": grown.new,
        "path": [one.hex() for one in grown.path],
    }


def _b64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _pretty(value: Any) -> bytes:
    return f"{json.dumps(value, indent=1)}\n".encode()
