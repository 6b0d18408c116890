"""Ed25519 signatures (RFC 8032) that say for what purpose they were made, and the public keys that check them.

What is signed is not the payload alone but, in this order: a zero byte, the words `muniment signature v1`, a zero
byte, the length of the purpose (4 bytes, big-endian), the purpose, the payload. So a signature under a certificate can
never be passed off as one under a checkpoint; and since a signed note (C2SP) is text that holds no zero byte, neither
can be passed off as a note (see `schemas.proofs.notes`).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_BYTES = 64
ENDORSE = "signing-key"
"""The purpose for which a signing key signs the public key of the one that follows it."""
_HEAD = b"\x00muniment signature v1\x00"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, by the id of the key, and the 64 bytes of Ed25519."""

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public signing key, present or past.

    Attributes:
        key_id: Derived from the key, so that nobody can give it another (see `key_id_of`).
        value: The 32 bytes of RFC 8032.
        created_at: When it was made, UTC.
        retired_at: When the next one took its place; `None` for the one that signs now.
        endorsement: The signature of the key before it over `value`; `None` for the first. Who trusts the first key
            can so trust all.

    """

    key_id: str
    value: bytes
    created_at: datetime
    retired_at: datetime | None = None
    endorsement: Signature | None = None


def key_id_of(public: bytes) -> str:
    """The id of a public key: `sig-` and the first 16 hexadecimal digits of its SHA-256."""
    return f"sig-{hashlib.sha256(public).hexdigest()[:16]}"


def signed_bytes(purpose: str, payload: bytes) -> bytes:
    """What is really signed; see the module."""
    name = purpose.encode()
    return _HEAD + len(name).to_bytes(4, "big") + name + payload


def is_signed(public: bytes, message: bytes, value: bytes) -> bool:
    """Whether the signature is this key's over exactly these bytes; false for a key that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(public: bytes, purpose: str, payload: bytes, signature: Signature) -> bool:
    """Whether the key whose 32 bytes are `public` signed this payload for this purpose."""
    return signature.key_id == key_id_of(public) and is_signed(public, signed_bytes(purpose, payload), signature.value)
