"""Signing in with an API key, signing out, and choosing language and colours."""

from typing import Annotated

from fastapi import Form, Query
from starlette.responses import RedirectResponse, Response

from muniment.api.access import of_key
from muniment.api.auditing import marks
from muniment.api.auditing.note import note
from muniment.api.console import cookies
from muniment.api.console.page import ROOT, Page, action
from muniment.api.console.view import HEADERS, View, Viewing
from muniment.api.signed_in import token_of

Next = Annotated[str, Query(max_length=2000)]


def inside(path: str) -> str:
    """The address within the console that somebody wanted, or its beginning: never one elsewhere."""
    # A browser reads `\\` as `/`, and `//host` as another host (WHATWG URL).
    clean = path.startswith(f"{ROOT}/") and not any(bad in path for bad in ("\\", "//", "\n", "\r", "\t"))
    return path if clean and not path.startswith(f"{ROOT}/sign-") else ROOT


async def beginning(view: Viewing) -> Response:
    """Lead to the first page that whoever is signed in may see."""
    first = view.navigation()
    return view.go(first[0].href) if first else view.show("nothing.html")


async def sign_in_page(view: Viewing, next: Next = "", done: str = "") -> Response:  # noqa: A002
    """The form; somebody who is signed in already goes on."""
    del done
    if view.session is not None:
        return view.go(inside(next))
    return _form(view, next)


async def sign_in(
    view: Viewing,
    key: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",  # noqa: A002
) -> Response:
    """Begin a session with an API key. A wrong key says no more than that it is not valid."""
    attempts, client = view.deps.attempts, view.request.client
    assert attempts is not None, "wired wherever sessions are"
    network = marks.network(client.host) if client else ""
    wait_s = await attempts.take(network)
    if wait_s:
        return _form(view, next, "sign_in.too_many", status=429, headers={"Retry-After": str(wait_s)})
    found = await view.deps.keys.find(key.strip())
    if found is None or view.deps.sessions is None:
        return _form(view, next, "sign_in.wrong", status=401)
    await attempts.give_back(network)
    who = of_key(found)
    note().asked_by(who.tenant, who.actor)
    note().entity = found.key_id
    response = RedirectResponse(inside(next), 303, headers=HEADERS)
    await _forget(view)
    token = await view.deps.sessions.begin(found)
    cookies.sign_in(response, token, secure=cookies.by_https(view.deps, view.request))
    return response


async def sign_out(view: Viewing) -> Response:
    """End the session."""
    await _forget(view)
    response = RedirectResponse(f"{ROOT}/sign-in?done=signed_out", 303, headers=HEADERS)
    cookies.sign_out(response)
    return response


async def choose(
    view: Viewing,
    choice: Annotated[str, Form(max_length=40)],
    next: Annotated[str, Form(max_length=2000)] = "",  # noqa: A002
) -> Response:
    """Keep a choice, given as `language=ko` or `theme=dark`, and lead back to where it was made."""
    back = next if next.startswith(f"{ROOT}/sign-in") and "//" not in next and "\\" not in next else inside(next)
    response = RedirectResponse(back, 303, headers=HEADERS)
    name, _, value = choice.partition("=")
    cookies.keep(response, name, value, secure=cookies.by_https(view.deps, view.request))
    return response


async def _forget(view: View) -> None:
    token = token_of(view.request.cookies)
    if token and view.deps.sessions is not None:
        await view.deps.sessions.end(token)


def _form(
    view: View, next_: str, wrong: str = "", *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return view.show("sign_in.html", status=status, headers=headers, next=inside(next_), wrong=wrong)


PAGES = (
    Page("", "consoleBeginning", beginning),
    Page("/sign-in", "consoleSignInPage", sign_in_page, title="sign_in.title", open=True),
    action("/sign-in", "consoleSignIn", sign_in, open=True),
    action("/sign-out", "consoleSignOut", sign_out),
    action("/choose", "consoleChoose", choose, open=True),
)
