"""One short name for all failures that are the same but for their numbers and ids, to group dead letters by."""

import hashlib
import re

from muniment.schemas.error_codes import ErrorCode

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = re.compile(r"(?<![0-9a-z])(?:0x[0-9a-f]+|(?=[0-9a-f]*[0-9])[0-9a-f]{8,})(?![0-9a-z])")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_SPACE = re.compile(r"\s+")
LENGTH = 16


def fingerprint(code: ErrorCode, message: str, *, step: str, schema: str) -> str:
    """A hash of 16 hex digits over code, step, schema (`Name.v1`) and the message without its numbers and ids."""
    parts = (code.value, step, schema, normalised(message))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:LENGTH]


def normalised(message: str) -> str:
    """The message in lower case with ids, hex and numbers replaced and white space collapsed.

    Hex and numbers get the same mark: a digest may happen to be of digits only.
    """
    text = message.lower()
    for pattern, mark in ((_UUID, "<id>"), (_HEX, "<n>"), (_NUMBER, "<n>"), (_SPACE, " ")):
        text = pattern.sub(mark, text)
    return text.strip()
