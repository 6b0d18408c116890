"""Signed notes (C2SP signed-note): text, an empty line, and a line for each signature.

    — <key name> <base64 of 4 bytes of key hash and the 64 bytes of Ed25519>

The key's name here is its id. The signature is over the text as it is, so that any tool that knows the format can
check it. A verifier key, `<name>+<key hash>+<base64 of the type 1 and the key>`, is how such tools want to be told.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from muniment.schemas.proofs.signatures import SIGNATURE_BYTES, PublicKey, Signature, is_signed

_ED25519 = b"\x01"
_MARK = "— "
_HASH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a line's end, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]


def key_hash(key_id: str, public: bytes) -> bytes:
    """The four bytes by which a signature says which key it is of."""
    return hashlib.sha256(key_id.encode() + b"\n" + _ED25519 + public).digest()[:_HASH_BYTES]


def verifier_key(key: PublicKey) -> str:
    """The public key as other tools read it (`vkey`)."""
    encoded = base64.b64encode(_ED25519 + key.value).decode()
    return f"{key.key_id}+{key_hash(key.key_id, key.value).hex()}+{encoded}"


def format_note(text: str, signature: Signature, public: bytes) -> str:
    """The note of a text that `Signer.sign_note` signed."""
    value = base64.b64encode(key_hash(signature.key_id, public) + signature.value).decode()
    return f"{text}\n{_MARK}{signature.key_id} {value}\n"


def parse_note(note: str) -> Note:
    """The parts of a note; nothing of it is checked yet. `ValueError` for what is none."""
    text, separator, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not separator or not rest.endswith("\n") or len(lines) < 2:  # noqa: PLR2004 - one signature, and the end
        raise ValueError("not a signed note: no signature after an empty line")
    return Note(text + "\n", tuple(_signature(line) for line in lines[:-1]))


def _signature(line: str) -> Signature:
    name, _, value = line.removeprefix(_MARK).partition(" ")
    raw = base64.b64decode(value, validate=True)
    if not line.startswith(_MARK) or not name or len(raw) != _HASH_BYTES + SIGNATURE_BYTES:
        raise ValueError("not a signed note: a line is no signature of Ed25519")
    return Signature(name, raw[_HASH_BYTES:])


def signer_of(note: Note, keys: Iterable[PublicKey]) -> PublicKey | None:
    """The first of these keys that did sign the note; `None` when none did."""
    known = {key.key_id: key for key in keys}
    for one in note.signatures:
        key = known.get(one.key_id)
        if key is not None and is_signed(key.value, note.text.encode(), one.value):
            return key
    return None
