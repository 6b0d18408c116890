"""Signing in at the identity provider: sent there, and come back."""

from typing import Annotated

import structlog
from fastapi import Query
from starlette.responses import RedirectResponse, Response

from muniment.api.access import asks, of_session
from muniment.api.auditing.note import note
from muniment.api.console import cookies
from muniment.api.console.entrance import inside
from muniment.api.console.page import ROOT, Page
from muniment.api.console.view import HEADERS, View, Viewing
from muniment.api.oidc import flow
from muniment.api.oidc.claims import Unknown, person
from muniment.api.oidc.provider import Away, Provider, Refused
from muniment.api.problems.problem import Problem

LOG = structlog.get_logger(__name__)
COOKIE = "muniment_sign_in"
_PATH = f"{ROOT}/sign-in"
Given = Annotated[str, Query(max_length=4000)]


async def ask(view: Viewing, next: Given = "") -> Response:  # noqa: A002
    """Send the browser to the provider."""
    provider = _provider(view)
    begun = flow.begin(inside(next))
    try:
        endpoint = await provider.endpoint("authorization_endpoint")
    except Away as away:
        raise _away(away) from None
    settings = provider.settings
    target = flow.question(begun, endpoint, settings.client_id, _back(view), settings.scopes)
    response = RedirectResponse(target, 303, headers=HEADERS)
    # Lax: the browser comes back from another site, and a strict cookie would stay away then.
    response.set_cookie(
        COOKIE, begun.cookie(), max_age=flow.KEPT_S, path=_PATH, httponly=True, samesite="lax", secure=_secure(view)
    )
    return response


async def answer(view: Viewing, code: Given = "", state: Given = "", error: Given = "", iss: Given = "") -> Response:
    """Begin a session for whoever comes back with a code of the provider's."""
    provider = _provider(view)
    begun = flow.resumed(view.request.cookies.get(COOKIE, ""))
    if begun is None or not begun.answers(state):
        return _refused(view, "sign_in.stale", "the answer belongs to no question of this browser")
    if error or not code or iss not in {"", provider.settings.issuer}:
        return _refused(view, "sign_in.refused", f"the provider says {error or 'nothing'}")
    try:
        claims = await provider.claims(code, begun.verifier, _back(view), begun.nonce)
        who = person(claims, provider.settings)
    except Away as away:
        raise _away(away) from None
    except Refused as refused:
        return _refused(view, "sign_in.refused", str(refused))
    except Unknown as unknown:
        return _refused(view, "sign_in.unknown", str(unknown))
    assert view.deps.sessions is not None, "looked at by the caller"
    token = await view.deps.sessions.begin(who)
    view.session = await view.deps.sessions.find(token)
    assert view.session is not None, "it has just begun"
    asks(of_session(view.session))
    note().entity = who.person
    # A redirect would still count as coming from the provider, and the session's strict cookie would stay behind: the
    # page goes on by itself, from here.
    response = view.show("arrived.html", next=inside(begun.next))
    response.delete_cookie(COOKIE, path=_PATH)
    cookies.sign_in(response, token, secure=_secure(view))
    return response


def _refused(view: View, why: str, detail: str) -> Response:
    LOG.warning("oidc.refused", why=why, detail=detail)
    response = view.show("sign_in.html", status=403, next=ROOT, wrong="", refused=why)
    response.delete_cookie(COOKIE, path=_PATH)
    return response


def _provider(view: View) -> Provider:
    if view.deps.oidc is None:
        raise Problem("no_such_route", "No identity provider is set up here.")
    return view.deps.oidc


def _away(away: Away) -> Problem:
    LOG.warning("oidc.away", detail=str(away))
    return Problem("provider_away", "The identity provider does not answer.")


def _back(view: View) -> str:
    base = view.deps.settings.console_url or str(view.request.base_url).rstrip("/")
    return f"{base}{ROOT}/sign-in/answer"


def _secure(view: View) -> bool:
    return cookies.by_https(view.deps, view.request)


PAGES = (
    Page("/sign-in/provider", "consoleAskProvider", ask, open=True),
    Page("/sign-in/answer", "consoleProviderAnswer", answer, open=True),
)
