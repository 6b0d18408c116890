"""Sessions in memory, and a browser-like client of the console, for tests without a database."""

from datetime import UTC, datetime
from typing import Any

from httpx2 import ASGITransport, AsyncClient

from muniment.api.attempts import EACH
from muniment.api.keys import ApiKey
from muniment.api.sessions import Person, Session, forgery_token
from muniment.api.signed_in import COOKIE

ORIGIN = "http://muniment"


class MemorySessions:
    """See `Sessions`; tokens are counted, nothing ends by itself. `uses` are the looks that prolong."""

    def __init__(self) -> None:
        self.held: dict[str, Session] = {}
        self.uses: list[str] = []

    async def begin(self, who: ApiKey | Person) -> str:
        token = f"session-{len(self.held)}"
        key_id, person = (who.key_id, None) if isinstance(who, ApiKey) else (None, who.person)
        ends_at = datetime(2100, 1, 1, tzinfo=UTC)
        self.held[token] = Session(who.tenant, key_id, person, who.name, who.scopes, ends_at)
        return token

    async def find(self, token: str, *, used: bool = True) -> Session | None:
        if used:
            self.uses.append(token)
        return self.held.get(token)

    async def end(self, token: str) -> None:
        self.held.pop(token, None)


class MemoryAttempts:
    """See `Attempts`; no minute ever ends."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}

    async def take(self, network: str) -> int:
        if self.taken.get(network, 0) >= EACH:
            return 60
        self.taken[network] = self.taken.get(network, 0) + 1
        return 0

    async def give_back(self, network: str) -> None:
        self.taken[network] -= 1


def browser(app: Any, **headers: str) -> AsyncClient:
    """A client that says of each request that a page of ours made it, as browsers do, and keeps cookies."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url=ORIGIN, headers={"Sec-Fetch-Site": "same-origin", **headers})


def token_of_forms(http: AsyncClient) -> dict[str, str]:
    """The header that the page's script puts on requests of whoever is signed in."""
    return {"X-CSRF-Token": forgery_token(http.cookies[COOKIE])}
