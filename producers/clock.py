"""The clock of all processes. Pure code is given the time; whoever runs it gives it this."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
