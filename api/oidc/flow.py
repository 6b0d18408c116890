"""The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0; RFC 7636; RFC 9700). Pure.

What ties the answer to the browser that asked lies in a cookie of that browser for ten minutes: nothing is kept here,
so any instance can take the answer.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

KEPT_S = 600


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that is under way.

    Attributes:
        state: Ties the answer to the browser (RFC 6749, 10.12).
        nonce: Ties the token to the question.
        verifier: Ties the code to whoever asked for it (RFC 7636).
        next: Where to go on.

    """

    state: str
    nonce: str
    verifier: str
    next: str

    def cookie(self) -> str:
        """As the browser keeps it."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")

    def answers(self, state: str) -> bool:
        """Whether an answer belongs to this question; compared in constant time."""
        return hmac.compare_digest(state.encode(), self.state.encode())


def begin(next_: str) -> Begun:
    """A new one, with 256 random bits in each part."""
    return Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), next_)


def resumed(cookie: str) -> Begun | None:
    """The one that a browser kept; `None` when it kept none, or something else."""
    try:
        held = json.loads(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
        found = Begun(**held)
    except (binascii.Error, ValueError, TypeError):
        return None
    return found if all(isinstance(value, str) and value for value in asdict(found).values()) else None


def question(begun: Begun, endpoint: str, client_id: str, redirect_uri: str, scopes: str) -> str:
    """Where the browser is sent."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
