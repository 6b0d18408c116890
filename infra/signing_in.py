"""Wires how people sign in to the console, from the settings: their sessions, and the identity provider."""

from typing import Any

import httpx2

from muniment.api.oidc.provider import Provider
from muniment.api.oidc.settings import OidcSettings, parse_roles
from muniment.api.sessions import Lifetime, PostgresSessions
from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings


def sessions(settings: Settings, pool: Any) -> PostgresSessions:
    """The sessions, as long as the settings say that they last."""
    return PostgresSessions(pool, Lifetime(settings.session_idle_s, settings.session_max_s))


def provider(settings: Settings, client: httpx2.AsyncClient) -> Provider | None:
    """The provider; `None` when none is set, `NotSetError` when what is set makes none."""
    if settings.oidc_issuer is None:
        return None
    try:
        made = OidcSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else "",
            name=settings.oidc_name,
            scopes=settings.oidc_scopes,
            roles_claim=settings.oidc_roles_claim,
            roles=parse_roles(settings.oidc_roles),
            tenant=settings.oidc_tenant,
            tenant_claim=settings.oidc_tenant_claim,
        )
    except ValueError as error:
        raise NotSetError(f"MUNIMENT_OIDC_…: {error}") from None
    return Provider(made, client)
