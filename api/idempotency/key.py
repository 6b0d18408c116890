"""What makes two requests one: the `Idempotency-Key`, and the fingerprint of a request.

After draft-ietf-httpapi-idempotency-key-header. Pure.
"""

import hashlib
import re
from collections.abc import Sequence

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_KEY = 255
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"', re.ASCII)
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x7e]+", re.ASCII)
_BOUNDARY = re.compile(r'(?i)boundary=(?:"([^"]{1,200})"|([^\s;,"]{1,200}))')


def parse_key(given: Sequence[str]) -> str:
    """The key in the header's values: a string of RFC 8941 in quotes, or bare, as many clients send it.

    Raises:
        ValueError: it says what is wrong with the key, without repeating it.

    """
    if len(given) != 1:
        raise ValueError("the header is given more than once")
    text = given[0].strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        key = re.sub(r'\\(["\\])', r"\1", quoted[1])
    elif _BARE.fullmatch(text):
        key = text
    else:
        raise ValueError('a string in quotes is wanted, for example "8e03978e-40d5-43dd-bc93-6894a57f9324"')
    if not 1 <= len(key) <= MAX_KEY:
        raise ValueError(f"a key has 1 to {MAX_KEY} characters")
    return key


class Fingerprint:
    """The digest of a request: who asked what, with which body. The body comes in pieces.

    A form's boundary is left out: clients draw a new one each time they send the same form.
    """

    def __init__(self, *, who: str, method: str, path: str, query: bytes, content_type: str) -> None:
        found = _BOUNDARY.search(content_type) if content_type.lower().startswith("multipart/") else None
        self._boundary = (found[1] or found[2]).encode("latin-1") if found else b""
        media_type = content_type.partition(";")[0].strip().lower()
        head = [who.encode(), method.encode(), path.encode(), query, media_type.encode("latin-1", "replace")]
        self._digest = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in head))
        self._held = b""

    def update(self, piece: bytes) -> None:
        """Take in the next piece of the body."""
        if not self._boundary:
            self._digest.update(piece)
            return
        *whole, rest = (self._held + piece).split(self._boundary)
        for part in whole:
            self._digest.update(part)
            self._digest.update(b"\x00boundary\x00")
        # What could be the beginning of a boundary waits for the next piece.
        kept = min(len(rest), len(self._boundary) - 1)
        self._digest.update(rest[: len(rest) - kept])
        self._held = rest[len(rest) - kept :]

    def digest(self) -> bytes:
        """The fingerprint; nothing may be taken in after that."""
        self._digest.update(self._held)
        self._held = b""
        return self._digest.digest()
