"""A small identity provider that speaks OpenID Connect: discovery, keys that turn over, codes worth one token."""

import base64
import hashlib
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

ISSUER = "https://people.example"


class IdentityProvider:
    """Everybody who comes is `claims`; a test changes what it says, or how it misbehaves."""

    def __init__(self, issuer: str = ISSUER, *, client_id: str = "muniment", secret: str = "its secret") -> None:
        self.issuer, self.client_id, self.secret = issuer, client_id, secret
        self.claims: dict[str, Any] = {"sub": "u-1", "name": "Kim Minji", "groups": ["staff"]}
        self.overrides: dict[str, Any] = {}
        self.away = False
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._key = self._new_key()
        self.published = [self._key]
        routes = [
            Route("/.well-known/openid-configuration", self._discover),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    def turn_over(self) -> None:
        """Sign with a new key from now on, and publish only that."""
        self._key = self._new_key()
        self.published = [self._key]

    def agree(self, address: str) -> str:
        """Where a browser that is sent to `address` is sent back to, once somebody has agreed."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == self.client_id
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = uuid4().hex
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return f"{asked['redirect_uri']}?{back}"

    def _new_key(self) -> ECKey:
        return ECKey.generate_key("P-256", parameters={"kid": uuid4().hex, "alg": "ES256", "use": "sig"}, private=True)

    async def _discover(self, _: Request) -> Response:
        self.asked.append("discovery")
        if self.away:
            return Response(status_code=503)
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse({"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in names.items()}})

    async def _keys(self, _: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.published]})

    async def _authorize(self, request: Request) -> Response:
        return RedirectResponse(self.agree(str(request.url)), 302)

    async def _token(self, request: Request) -> Response:
        self.asked.append("token")
        form = await request.form()
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        if base64.b64decode(given).decode() != f"{self.client_id}:{self.secret}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self._codes.pop(str(form.get("code")), None)
        verifier = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked["code_challenge"] != challenge
            or form.get("grant_type") != "authorization_code"
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        said = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "ES256", "kid": self._key.kid}, said | self.claims | self.overrides, self._key)
        return JSONResponse({"access_token": "unused", "token_type": "Bearer", "id_token": token})
