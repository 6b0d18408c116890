"""Cursors: where the next page starts. Opaque to callers, checked when they come back."""

import base64
import binascii
import json
from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import Query

from muniment.api.problems.problem import Problem

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=200, description="Most entries on a page")]
Cursor = Annotated[
    str | None,
    Query(max_length=1000, pattern="^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before", examples=[None]),
]


def to_cursor(*keys: str | float) -> str:
    """The cursor after the entry with these sort keys."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def from_cursor(cursor: str, kinds: tuple[type, ...]) -> list[str | int | float]:
    """The sort keys in a cursor; a problem when it is not one of this listing's."""
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise bad_cursor() from None
    if not isinstance(keys, list) or [type(k) for k in keys] != list(kinds):
        raise bad_cursor()
    return keys


async def listed(page: Awaitable[T]) -> T:
    """The page; a problem when its cursor was none of this listing's."""
    try:
        return await page
    except ValueError:
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    """What a cursor that is none of ours is answered with."""
    found = [{"where": "query.cursor", "what": "not a cursor of this listing"}]
    return Problem("invalid_request", "query.cursor: not a cursor of this listing", extra={"errors": found})
