"""What is asked of the provider itself: where its endpoints are, its keys, and a token for a code."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

import httpx2
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from muniment.api.oidc.settings import OidcSettings

LOG = structlog.get_logger(__name__)
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384", "ES512"]
"""Signatures by a key of the provider's alone: never `none`, never one by a secret that both know (RFC 8725, 3.1)."""
LEEWAY_S = 60
"""How far clocks may differ (seconds)."""
KEYS_S = 3600.0
"""How long keys are believed without asking (seconds)."""
AGAIN_S = 10.0
"""How soon a token with an unknown key has the keys asked for again: a provider that has turned its keys over is heard
at once, and somebody who makes tokens up does not have us ask without end (seconds)."""


class Away(Exception):
    """The provider does not answer, or not as a provider does."""


class Refused(Exception):
    """What was given is no proof of anybody; the text says why, for the log."""


class _Known(NamedTuple):
    endpoints: Mapping[str, Any]
    keys: KeySet
    asked_at: float


@dataclass
class Provider:
    """See the module. One a process; it asks on first use, and again when what it knows is old."""

    settings: OidcSettings
    client: httpx2.AsyncClient
    clock: Callable[[], float] = monotonic
    _known: _Known | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def endpoint(self, name: str) -> str:
        """The address of an endpoint, as `authorization_endpoint`; raises `Away`."""
        known = await self._all(KEYS_S)
        found = known.endpoints.get(name)
        if not isinstance(found, str):
            raise Away(f"the provider names no {name}")
        return found

    async def claims(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Mapping[str, Any]:
        """The claims of the token that a code is worth, once all of them hold.

        Raises:
            Away: the provider does not answer.
            Refused: the code is worth nothing, or its token is not what it should be.

        """
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        given |= {"code_verifier": verifier, "client_id": self.settings.client_id}
        how: dict[str, Any] = {}
        if self.settings.client_secret:
            how["auth"] = (self.settings.client_id, self.settings.client_secret)
        try:
            answer = await self.client.post(await self.endpoint("token_endpoint"), data=given, **how)
            told = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Away(type(error).__name__) from None
        if answer.status_code >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
            raise Away(f"the token endpoint answered {answer.status_code}")
        if answer.status_code != 200 or not isinstance(told.get("id_token"), str):  # noqa: PLR2004
            raise Refused(f"the code is worth nothing: {told.get('error', answer.status_code)}")
        return await self._verified(told["id_token"], nonce)

    async def _verified(self, token: str, nonce: str) -> Mapping[str, Any]:
        try:
            claims = (await self._decoded(token)).claims
            wanted: dict[str, Any] = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "nonce": {"essential": True, "value": nonce},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
            }
            jwt.JWTClaimsRegistry(leeway=LEEWAY_S, **wanted).validate(claims)
        except (JoseError, ValueError) as error:
            raise Refused(f"the token is not valid: {error}") from None
        # A token for several clients names the one that asked for it (OpenID Connect Core 1.0, 3.1.3.7).
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise Refused("the token was made for another client")
        found: Mapping[str, Any] = claims
        return found

    async def _decoded(self, token: str) -> Any:
        known = await self._all(KEYS_S)
        try:
            return jwt.decode(token, known.keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            known = await self._all(AGAIN_S)
            return jwt.decode(token, known.keys, algorithms=ALGORITHMS)

    async def _all(self, believed_s: float) -> _Known:
        async with self._asking:
            if self._known is None or self.clock() - self._known.asked_at >= believed_s:
                self._known = await self._asked()
            return self._known

    async def _asked(self) -> _Known:
        issuer = self.settings.issuer
        try:
            endpoints = await self._json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if endpoints.get("issuer") != issuer:
                raise Away(f"it calls itself {endpoints.get('issuer')!r}, not {issuer!r}")
            keys = KeySet.import_key_set(await self._json(str(endpoints["jwks_uri"])))
        except (httpx2.HTTPError, JoseError, ValueError, KeyError) as error:
            raise Away(type(error).__name__) from None
        LOG.info("oidc.asked", issuer=issuer, keys=len(keys.keys))
        return _Known(endpoints, keys, self.clock())

    async def _json(self, address: str) -> Any:
        answer = await self.client.get(address)
        answer.raise_for_status()
        return answer.json()
