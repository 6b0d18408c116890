"""Opaque cursors: where a page ended, bound to the query it belongs to."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any


class BadCursor(ValueError):
    """A cursor that is none, or that belongs to another query."""


def query_hash(*parts: Any) -> str:
    """What a cursor is bound to: a short hash of everything that makes up the query but the page."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:16]


def encode(query: str, place: Sequence[Any]) -> str:
    """The cursor after `place` of the query with this hash."""
    text = json.dumps([query, *place], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(query: str, cursor: str) -> list[Any]:
    """The place in a cursor; `BadCursor` when it is not one of this query."""
    try:
        content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        owner, *place = content
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError) as error:
        raise BadCursor("not a cursor") from error
    if owner != query:
        raise BadCursor("the cursor belongs to another query")
    return list(place)
