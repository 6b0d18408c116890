"""The key-encryption keys: a local key ring file, `{"current": id, "keys": {id: base64 of 32 bytes}}`, mode 0600.

It is kept, and backed up, apart from the database that holds the data keys it wraps. A new key is added and made
current; old ones stay for what they wrapped.
"""

import base64
import json
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.producers import private_file
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_NONCE = 12
FILE_PREFIX = "kek-"
"""What the id of a key of the file begins with."""


@dataclass(frozen=True)
class KeyFile:
    """The wrapping keys of this installation."""

    current: str
    keys: dict[str, bytes] = field(repr=False)

    def wrap(self, secret: bytes, *, aad: bytes) -> tuple[str, bytes]:
        """Wrap a data key; gives the id of the wrapping key and the wrapped bytes."""
        nonce = os.urandom(_NONCE)
        return self.current, nonce + AESGCM(self.keys[self.current]).encrypt(nonce, secret, aad)

    def unwrap(self, key_id: str, wrapped: bytes, *, aad: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            StepFailure: `key_ring_unusable` when this file has not the wrapping key. Work waits until the right file
                is back: a key that cannot be unwrapped must not pass for one that was destroyed.

        """
        if key_id not in self.keys:
            raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"the key ring file has no wrapping key {key_id}")
        try:
            return AESGCM(self.keys[key_id]).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], aad)
        except InvalidTag:
            detail = f"wrapping key {key_id} does not open what it is said to have wrapped"
            raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, detail) from None


def load(path: Path) -> KeyFile:
    """Read the key ring file, making one with a fresh key when there is none: only where no data key was ever wrapped.

    Raises:
        StepFailure: as `read`.

    """
    if not path.exists():
        name = _new_name()
        private_file.create(path, _text(KeyFile(name, {name: secrets.token_bytes(32)})))
    return read(path)


def read(path: Path) -> KeyFile:
    """Read the key ring file.

    Raises:
        StepFailure: `key_ring_unusable` when it is not there or cannot be read. A new one in its place would wrap what
            nobody could open once the right one is back.

    """
    try:
        content = json.loads(path.read_text("utf-8"))
        held = KeyFile(content["current"], {k: base64.b64decode(v) for k, v in content["keys"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unusable(path, error) from error
    if held.current not in held.keys:
        raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"the key ring file {path} has not its current key")
    return held


def ways_back(*names: str) -> str:
    """What an operator does about keys of the file that are missing, as it is said everywhere."""
    gone = ", ".join(f'`muniment keys give-up --kek {name} --reason "…"`' for name in names)
    return f"bring the key ring file back from its backup; if it is lost for good, so is what it opens: {gone}"


def unusable(path: Path, error: Exception) -> StepFailure:
    """What waits for the file; it says nothing of what is in it."""
    detail = f"the key ring file {path} cannot be read ({type(error).__name__}): put the right one there"
    return StepFailure(ErrorCode.KEY_RING_UNUSABLE, detail)


def rotate(path: Path) -> KeyFile:
    """Add a fresh key and make it the current one; the old ones stay for what they wrapped. Gives the new content."""
    with private_file.locked(path):
        held = read(path)
        name = _new_name()
        made = KeyFile(name, {**held.keys, name: secrets.token_bytes(32)})
        private_file.replace(path, _text(made))
        return made


def drop(path: Path, used: Collection[str]) -> list[str]:
    """Destroy the keys that nothing is wrapped by, but for the current one; their ids."""
    with private_file.locked(path):
        held = read(path)
        gone = [name for name in held.keys if name != held.current and name not in used]
        if gone:
            left = KeyFile(held.current, {n: k for n, k in held.keys.items() if n not in gone})
            private_file.replace(path, _text(left))
        return gone


def _new_name() -> str:
    return f"{FILE_PREFIX}{secrets.token_hex(4)}"


def _text(held: KeyFile) -> str:
    return json.dumps(
        {"current": held.current, "keys": {n: base64.b64encode(k).decode() for n, k in held.keys.items()}}
    )
