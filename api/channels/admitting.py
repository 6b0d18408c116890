"""Who is at the other end of a WebSocket: by a header, by a subprotocol, by the console's cookie, or by what it says.

Browsers can set no header on a WebSocket. What they can do is name subprotocols, of which one may carry the key, send
it as the first message, or send the console's cookie; another site's page can have that sent, too, so it counts only
together with an `Origin` of ours (RFC 6455, 10.2).
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from muniment.api.access import Principal, of_key, of_session
from muniment.api.dependencies import Dependencies
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem
from muniment.api.signed_in import session_of, token_of

PROTOCOL = "muniment.v1"
KEY_PROTOCOL = "muniment.key."
"""A subprotocol that begins so carries an API key; it is never the one that is chosen."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller has shown, to be looked at again while the connection lasts: a key's token, or cookies."""

    token: str = ""
    by_cookie: bool = False


async def shown(deps: Dependencies, websocket: WebSocket) -> Credentials | None:
    """What a caller shows with the request; `None` when that is nothing, and a first message may show it.

    Raises:
        Problem: `forbidden` for a cookie that another site's page has sent.

    """
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return Credentials(token.strip())
    for offered in websocket.scope.get("subprotocols", ()):
        if offered.startswith(KEY_PROTOCOL):
            return Credentials(offered.removeprefix(KEY_PROTOCOL))
    if token_of(websocket.cookies):
        if not _is_ours(deps, websocket):
            raise Problem("forbidden", "A page of another site cannot use this browser's session.")
        return Credentials(by_cookie=True)
    return None


async def known(deps: Dependencies, websocket: WebSocket, credentials: Credentials, *, used: bool = False) -> Principal:
    """Who that is, now. A session is prolonged by what somebody does, which `used` says, not by being connected.

    Raises:
        Problem: `unauthorized`, `forbidden` without the scope `search`.
        StepFailure: `database_unavailable`.

    """
    if credentials.by_cookie:
        session = await session_of(deps, websocket.cookies, used=used)
        principal = of_session(session) if session else None
    else:
        key = await deps.keys.find(credentials.token)
        principal = of_key(key) if key else None
    if principal is None:
        raise Problem("unauthorized", "The API key, or the session, is not valid.")
    if not principal.allows(Scope.SEARCH):
        raise Problem("forbidden", f"The key lacks the scope {Scope.SEARCH}.", extra={"scope": str(Scope.SEARCH)})
    return principal


def _is_ours(deps: Dependencies, websocket: WebSocket) -> bool:
    """Whether the page that opened it came from where the API itself is, or from where the console is said to be."""
    origin = websocket.headers.get("origin", "")
    if deps.settings.console_url:
        return origin == deps.settings.console_url
    return urlsplit(origin).netloc == websocket.headers.get("host", "") != ""
