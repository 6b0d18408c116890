"""Who is signed in to the console, by the cookie that a browser sends."""

from collections.abc import Mapping

from muniment.api.dependencies import Dependencies
from muniment.api.sessions import Session

COOKIE = "muniment_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""The name where the console is served by https: browsers take it from this very host only (RFC 6265bis, 4.1.3.2)."""
UNATTENDED = "Muniment-Unattended"
"""A header of requests that nobody has made: they are answered, and prolong no session."""


def token_of(cookies: Mapping[str, str]) -> str | None:
    """The token of the session that a request belongs to, if it brings one."""
    return cookies.get(SECURE_COOKIE) or cookies.get(COOKIE) or None


def attended(headers: Mapping[str, str]) -> bool:
    """Whether somebody has done something for a request to be made.

    Not so where a page looks again by itself, which it says by `UNATTENDED`, nor where an event stream is opened or
    comes back: an `EventSource` can say nothing, but it alone takes such streams.
    """
    return UNATTENDED not in headers and "text/event-stream" not in headers.get("accept", "")


async def session_of(deps: Dependencies, cookies: Mapping[str, str], *, used: bool = True) -> Session | None:
    """The session that a request belongs to; `None` when it brings none, or one that is over.

    Without `used` it is looked at only: that prolongs nothing.

    Raises:
        StepFailure: `database_unavailable`.

    """
    token = token_of(cookies)
    return await deps.sessions.find(token, used=used) if token and deps.sessions is not None else None
