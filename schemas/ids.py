"""Derived ids: the same cause and the same place give the same id, so a repeat is recognised (RFC 9562, UUIDv5)."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6d756e69-6d65-5e74-8000-000000000001")

LONGEST_TRACE = 32
"""Hexadecimal digits of a W3C trace id."""


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
