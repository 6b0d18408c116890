"""A moment as people write one: with its zone, for without it would be anybody's (RFC 3339, ISO 8601). Pure."""

from datetime import UTC, datetime

EXAMPLE = "2026-11-22T10:00:00Z"


class NoZone(ValueError):
    """A moment, but nobody knows whose."""


def moment(text: str) -> datetime:
    """The moment, in UTC; `ValueError` (`NoZone`) says how to write one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment: write it as {EXAMPLE}") from None
    if found.tzinfo is None:
        raise NoZone(f"{text!r} has no zone: write it as {EXAMPLE}, or with one such as +09:00")
    return found.astimezone(UTC)
