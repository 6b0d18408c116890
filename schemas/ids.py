"""Derived ids: the same cause and the same place give the same id, so a repeat is recognised (RFC 9562, UUIDv5)."""

from functools import lru_cache
from uuid import UUID, uuid5

NAMESPACE = UUID("6d756e69-6d65-5e74-8000-000000000001")

_CANONICAL = 36
"""Characters of an id as this project writes it."""
LONGEST_TRACE = 32
"""Hexadecimal digits of a W3C trace id."""


def parsed(text: str) -> UUID:
    """The id that a text names; `ValueError` for one that names none.

    What was parsed lately is remembered: the same few ids are in all that is said of one document, and making a `UUID`
    costs more than anything else that is read out of a header.
    """
    # Other forms are as long as whoever wrote the record wants, and not worth keeping.
    return _parsed(text) if len(text) == _CANONICAL else UUID(text)


@lru_cache(maxsize=8192)
def _parsed(text: str) -> UUID:
    return UUID(text)


@lru_cache(maxsize=1024)
def of_bytes(octets: bytes) -> UUID:
    """The id of these sixteen bytes; what was made lately is remembered."""
    return UUID(bytes=octets)


def result_id(cause: UUID, step: str, event_type: str, index: int) -> UUID:
    """The id of the `index`-th event of a type that `step` emits because of `cause`."""
    return uuid5(NAMESPACE, f"{cause}/{step}/{event_type}/{index}")


def trace_of(traceparent: str) -> str:
    """The trace id of a W3C `traceparent`, or an empty string."""
    parts = traceparent.split("-")
    # It is copied into what follows: a foreign one may be as long as a record.
    return parts[1] if len(parts) == 4 and len(parts[1]) <= LONGEST_TRACE else ""  # noqa: PLR2004 - version-trace-span-flags


def child_traceparent(traceparent: str, span: UUID) -> str:
    """The same trace with a span id derived from `span`; an empty one stays empty."""
    trace = trace_of(traceparent)
    return f"00-{trace}-{span.hex[:16]}-01" if trace else ""


def new_traceparent(trace: UUID, span: UUID) -> str:
    """A `traceparent` for work that nobody traced before it reached us."""
    return f"00-{trace.hex}-{span.hex[:16]}-01"
