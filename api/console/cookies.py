"""The cookies of the console: the session's, and two that keep what somebody likes."""

from fastapi import Request
from starlette.responses import Response

from muniment.api.console.view import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from muniment.api.console.words import LANGUAGES
from muniment.api.dependencies import Dependencies
from muniment.api.signed_in import COOKIE, SECURE_COOKIE

YEAR_S = 365 * 24 * 3600
CHOICES = {"language": (LANGUAGE_COOKIE, tuple(LANGUAGES)), "theme": (THEME_COOKIE, THEMES)}
"""What can be chosen: its cookie, and the values it may have."""


def by_https(deps: Dependencies, request: Request) -> bool:
    """Whether browsers reach the console by https: then cookies go no other way (RFC 6265bis, 5.8.3)."""
    return (deps.settings.console_url or f"{request.url.scheme}://").startswith("https://")


def sign_in(response: Response, token: str, *, secure: bool) -> None:
    """Give the browser the token of its session; it forgets it when it is closed, and sends it nowhere else."""
    name = SECURE_COOKIE if secure else COOKIE
    response.set_cookie(name, token, path="/", httponly=True, samesite="strict", secure=secure)


def sign_out(response: Response) -> None:
    """Have the browser forget its session."""
    for name, secure in ((SECURE_COOKIE, True), (COOKIE, False)):
        response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=secure)


def keep(response: Response, choice: str, value: str, *, secure: bool) -> bool:
    """Keep a choice for a year; false when there is no such choice."""
    name, values = CHOICES.get(choice, ("", ()))
    if value not in values:
        return False
    response.set_cookie(name, value, max_age=YEAR_S, path="/", httponly=True, samesite="lax", secure=secure)
    return True
