"""Who may ask the registry: everybody, or only holders of an API key where the operator says so.

Schemas say how records are shaped, never what is in them, and are the same on every installation. Kafka's tools know
basic authentication, so a key is taken as that too: its token is the password, the user's name does not matter. The
token may be split over both, `mun_<key id>` and its secret.
"""

import base64

from starlette.requests import Request

from muniment.api.key_store import KeyStore
from muniment.api.registry.errors import RegistryError

UNAUTHORIZED = 40101


async def let_in(request: Request, keys: KeyStore) -> None:
    """Pass, or raise `RegistryError` 40101; `StepFailure(database_unavailable)` while keys cannot be looked up."""
    for token in _tokens(request.headers.get("authorization", "")):
        if await keys.find(token) is not None:
            return
    raise RegistryError(UNAUTHORIZED, "Unauthorized: send an API key as bearer token, or as the password of basic auth")


def _tokens(header: str) -> list[str]:
    kind, _, given = header.partition(" ")
    if kind.lower() == "bearer":
        return [given.strip()]
    if kind.lower() != "basic":
        return []
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return []
    return [password, f"mun_{user.removeprefix('mun_')}_{password}"]
