"""From the claims of a verified token to somebody who may do something here. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any

from muniment.api.keys import valid_tenant
from muniment.api.oidc.settings import OidcSettings
from muniment.api.sessions import Person

_LONGEST = 100


class Unknown(Exception):
    """The provider vouches for somebody who has no place here; the text says why, for the log."""


def person(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """Who it is, and what they may do.

    The log is told a hash of issuer and subject (OpenID Connect Core 1.0, 5.7: only the two together are unique), never
    a name or address: what is on it can be read for good.

    Raises:
        Unknown: no claim gives them a role, or a tenant.

    """
    values = claims.get(settings.roles_claim, ())
    held = {str(one) for one in (values if isinstance(values, list) else [values])}
    scopes = frozenset(scope for value in held for scope in settings.roles.get(value, ()))
    if not scopes:
        raise Unknown(f"nothing in the claim {settings.roles_claim} stands for a role")
    tenant = claims.get(settings.tenant_claim, "") if settings.tenant_claim else settings.tenant
    if not isinstance(tenant, str) or not valid_tenant(tenant):
        raise Unknown(f"the claim {settings.tenant_claim} names no tenant")
    subject = hashlib.sha256(f"{claims['iss']}\0{claims['sub']}".encode()).hexdigest()[:32]
    names = (claims.get(name) for name in ("name", "preferred_username", "email"))
    called = next((str(name) for name in names if name), settings.name)
    return Person(tenant, subject, called[:_LONGEST], scopes)
