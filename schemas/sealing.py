"""Encrypts a personal payload under its document's data key.

AES-256-GCM (NIST SP 800-38D). Layout: version (1 byte), key id (16), nonce (12), ciphertext and tag.
The associated data binds a payload to its event and field, so a ciphertext moved elsewhere does not open.
Destroying the data key makes every payload under it unreadable while the log, and any hash over it, stays as it is.
"""

from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.ids import of_bytes

VERSION = b"\x01"
NONCE_BYTES = 12
_HEAD = len(VERSION) + 16
_PREFIX = _HEAD + NONCE_BYTES


@dataclass(frozen=True)
class DataKey:
    """A 256-bit key of one document, under an id that the sealed payload carries in clear."""

    key_id: UUID
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """The cipher, built once: key schedules are not free on the hot path."""
        return AESGCM(self.secret)


def seal(key: DataKey, plaintext: bytes, *, aad: bytes, nonce: bytes) -> bytes:
    """Seal `plaintext`; `nonce` is 12 fresh random bytes, never used twice under one key."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce is {NONCE_BYTES} bytes")
    return VERSION + key.key_id.bytes + nonce + key.cipher.encrypt(nonce, plaintext, aad)


def unseal(key: DataKey, sealed: bytes, *, aad: bytes) -> bytes:
    """Open a sealed payload.

    Raises:
        StepFailure: `undecodable`, when it is not one, was altered, or belongs to another event, field or key.

    """
    if key_id_of(sealed) != key.key_id:
        raise StepFailure(ErrorCode.UNDECODABLE, "a sealed payload names another key than the one given")
    nonce, ciphertext = sealed[_HEAD:_PREFIX], sealed[_PREFIX:]
    try:
        return key.cipher.decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise StepFailure(ErrorCode.UNDECODABLE, "a sealed payload fails its authentication tag") from None


def key_id_of(sealed: bytes) -> UUID:
    """The id of the data key a payload is sealed under."""
    if sealed[:1] != VERSION or len(sealed) < _PREFIX:
        raise StepFailure(ErrorCode.UNDECODABLE, "not a sealed payload of a known version")
    return of_bytes(bytes(sealed[1:_HEAD]))
