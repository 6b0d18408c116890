"""The signing keys of this installation: Ed25519, in a file of their own beside the key-encryption keys, mode 0600.

`{"installation": id, "current": key id, "keys": [{key_id, public, created_at, private? , retired_at?, endorsement?}]}`,
bytes as base64. Rotation makes a new key, lets the old one vouch for it, and destroys the old private key: what it
signed stays good for ever, and nobody can sign as it again.
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.producers import private_file
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.proofs.signatures import ENDORSE, PublicKey, Signature, key_id_of, signed_bytes, verify

_BEFORE_SPACE = " "


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Ring:
    installation: str
    keys: tuple[PublicKey, ...]
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def current(self) -> PublicKey:
        return self.keys[-1]


class Signer:
    """Signs with the current key of a key ring file, which is made when there is none.

    The file is read anew for each signature: another process may have rotated the key, and whoever signs does so a few
    times a minute. Raises `StepFailure(key_ring_unusable)` for a file that cannot be read as one.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._path = path
        self._now = now

    @property
    def installation(self) -> str:
        """A random name of this installation, made with the first key; it begins the origin of each checkpoint."""
        return self._ring().installation

    def sign(self, purpose: str, payload: bytes) -> Signature:
        """Sign for a purpose: see `schemas.proofs.signatures` for what that protects from."""
        ring = self._ring()
        return Signature(ring.current.key_id, ring.private.sign(signed_bytes(purpose, payload)))

    def sign_note(self, text: str) -> Signature:
        """Sign the text of a note (C2SP signed-note) as it is, so that tools of others can check it.

        Raises:
            ValueError: The text is no note: it holds a control character, or does not end with a line's end.

        """
        if not text.endswith("\n") or any(c < _BEFORE_SPACE and c != "\n" for c in text):
            raise ValueError("a note is lines of text without control characters")
        ring = self._ring()
        return Signature(ring.current.key_id, ring.private.sign(text.encode()))

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Every key that ever signed here, in order; the last one signs now."""
        return self._ring().keys

    def verify(self, purpose: str, payload: bytes, signature: Signature) -> bool:
        """Whether any key of this installation, present or past, signed this."""
        return any(verify(key.value, purpose, payload, signature) for key in self.public_keys())

    def rotate(self) -> PublicKey:
        """Make a new key that signs from now on; what the old one signed stays good. Gives the new key."""
        with private_file.locked(self._path):
            ring = self._ring()
            made, moment = Ed25519PrivateKey.generate(), self._now()
            public = made.public_key().public_bytes_raw()
            endorsement = Signature(ring.current.key_id, ring.private.sign(signed_bytes(ENDORSE, public)))
            old = [_shown(key) | ({} if key.retired_at else {"retired_at": _iso(moment)}) for key in ring.keys]
            key = PublicKey(key_id_of(public), public, moment, None, endorsement)
            private_file.replace(self._path, _content(ring.installation, [*old, _shown(key)], made))
            return key

    def _ring(self) -> _Ring:
        if not self._path.exists():
            _create(self._path, self._now())
        try:
            return _read(json.loads(self._path.read_text("utf-8")))
        except (LookupError, TypeError, ValueError, OSError) as error:
            detail = f"the signing key file {self._path} cannot be read: {type(error).__name__}"
            raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, detail) from None


def _read(content: Mapping[str, Any]) -> _Ring:
    keys = tuple(_public_key(one) for one in content["keys"])
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(content["keys"][-1]["private"]))
    if keys[-1].key_id != content["current"] or private.public_key().public_bytes_raw() != keys[-1].value:
        raise ValueError("the last key is not the current one")
    return _Ring(content["installation"], keys, private)


def _public_key(one: Mapping[str, Any]) -> PublicKey:
    retired, endorsed = one.get("retired_at"), one.get("endorsement")
    return PublicKey(
        one["key_id"],
        base64.b64decode(one["public"]),
        datetime.fromisoformat(one["created_at"]),
        datetime.fromisoformat(retired) if retired else None,
        Signature(endorsed["key_id"], base64.b64decode(endorsed["value"])) if endorsed else None,
    )


def _shown(key: PublicKey) -> dict[str, Any]:
    out: dict[str, Any] = {"key_id": key.key_id, "public": _b64(key.value), "created_at": _iso(key.created_at)}
    if key.retired_at:
        out["retired_at"] = _iso(key.retired_at)
    if key.endorsement:
        out["endorsement"] = {"key_id": key.endorsement.key_id, "value": _b64(key.endorsement.value)}
    return out


def _content(installation: str, keys: list[dict[str, Any]], private: Ed25519PrivateKey) -> str:
    keys = [*keys[:-1], keys[-1] | {"private": _b64(private.private_bytes_raw())}]
    return json.dumps({"installation": installation, "current": keys[-1]["key_id"], "keys": keys}, indent=1)


def _create(path: Path, now: datetime) -> None:
    made = Ed25519PrivateKey.generate()
    public = made.public_key().public_bytes_raw()
    key = PublicKey(key_id_of(public), public, now)
    private_file.create(path, _content(secrets.token_hex(8), [_shown(key)], made))


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
