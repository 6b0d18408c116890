"""A page as it is about to be shown: who looks at it, in which language and colours, and what it may hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from muniment.api.access import SAFE, Principal, asks, of_session
from muniment.api.auditing.note import note
from muniment.api.auditing.touched import touched
from muniment.api.console import forgery
from muniment.api.console.page import ROOT, Page, Section, Texts
from muniment.api.console.rendering import environment
from muniment.api.console.words import LANGUAGES, Words, language
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem
from muniment.api.reads import Reads
from muniment.api.sessions import Session, forgery_token
from muniment.api.signed_in import attended, session_of, token_of

THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE = "muniment_language"
THEME_COOKIE = "muniment_theme"
POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
)
"""Nothing from elsewhere, nothing in line (Content Security Policy Level 3)."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Under `no-referrer`, browsers say `Origin: null` of our own forms, too (Fetch, 3.2.1).
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language, HX-Request",
}


@dataclass(frozen=True, slots=True)
class Console:
    """All sections together, as the application holds them (`app.state.console`).

    Attributes:
        pages: Every page and action by its operation id.

    """

    sections: tuple[Section, ...]
    texts: Texts
    pages: Mapping[str, Page]


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    title: str
    href: str
    here: bool
    icon: str = ""


@dataclass
class View:
    """See the module. Templates see it as `view`, and its words as `t`.

    Attributes:
        session: Who looks at it; `None` on pages that are for everybody.
        t: Says things in the reader's language.
        theme: `auto`, `light` or `dark`.

    """

    request: Request
    deps: Dependencies
    console: Console
    page: Page | None
    session: Session | None
    t: Words
    theme: str

    @property
    def who(self) -> Principal:
        """On whose behalf the page is made; only on pages for those who are signed in."""
        assert self.session is not None, "asked for at the door"
        return of_session(self.session)

    @property
    def tenant(self) -> str:
        """Whose documents it shows."""
        return self.who.tenant

    @property
    def reads(self) -> Reads:
        """The read models."""
        return self.deps.reads

    @property
    def traceparent(self) -> str:
        """The trace of the request, for commands."""
        return str(self.request.state.traceparent)

    @property
    def csrf(self) -> str:
        """What forms carry; empty while nobody is signed in."""
        token = token_of(self.request.cookies)
        return forgery_token(token) if token and self.session else ""

    @property
    def partial(self) -> bool:
        """Whether a script asks, to put the answer into a page that is there already."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def now(self) -> datetime:
        """The moment at which it is shown."""
        return datetime.now(UTC)

    def may(self, scope: str) -> bool:
        """Whether whoever looks at it has a scope, as `documents:write`."""
        return self.session is not None and self.who.allows(Scope(scope))

    def navigation(self) -> list[Entry]:
        """The sections in which there is anything for whoever looks."""
        found = [(section, self._first(section)) for section in self.console.sections] if self.session else []
        here = self._section()
        return [
            Entry(self.t(f"section.{section.name}"), ROOT + first.path, section is here, section.icon)
            for section, first in found
            if first
        ]

    def subnavigation(self) -> list[Entry]:
        """The pages of this section that whoever looks may see, where there are several."""
        section = self._section()
        pages = [page for page in section.pages if page.nav and self.who.allows(page.scope)] if section else []
        found = [Entry(self.t(page.title), ROOT + page.path, page is self.page) for page in pages]
        return found if len(found) > 1 else []

    def shown(self, answers: BaseModel | Iterable[BaseModel]) -> None:
        """Have the trail name the documents of which the page shows something."""
        several = [answers] if isinstance(answers, BaseModel) else list(answers)
        for answer in several:
            note().documents.extend(touched(answer.model_dump(mode="json")))

    def show(
        self,
        template: str,
        *,
        block: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> Response:
        """The page that a template makes of the facts; with `block` only that part of it."""
        given = {"view": self, "t": self.t, "languages": LANGUAGES, "themes": THEMES, **facts}
        found = environment().get_template(template)
        html = "".join(found.blocks[block](found.new_context(given))) if block else found.render(given)
        return HTMLResponse(html, status, headers={**HEADERS, **(headers or {})})

    def go(self, path: str, *, toast: str = "") -> Response:
        """Have the browser go to another page; it shows `toast`, the key of a text, when it is there."""
        target = f"{path}{'&' if '?' in path else '?'}done={toast}" if toast else path
        if self.partial:
            return Response(status_code=204, headers={**HEADERS, "HX-Redirect": target})
        return RedirectResponse(target, 303, headers=HEADERS)

    def _first(self, section: Section) -> Page | None:
        return next((page for page in section.pages if page.nav and self.who.allows(page.scope)), None)

    def _section(self) -> Section | None:
        return next((s for s in self.console.sections if self.page in s.pages), None)


def view_of(request: Request, deps: Dependencies, session: Session | None) -> View:
    """The view of a request, whoever made it."""
    console: Console = request.app.state.console
    cookies = request.cookies
    spoken = language(cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))
    theme = cookies.get(THEME_COOKIE, "auto")
    page = console.pages.get(getattr(request.scope.get("route"), "operation_id", ""))
    words = Words(spoken, console.texts)
    return View(request, deps, console, page, session, words, theme if theme in THEMES else "auto")


async def _viewing(request: Request, deps: Deps) -> View:
    """Let in whoever may see the page, and nobody whose browser was sent by somebody else's."""
    if deps.sessions is None:
        raise Problem("not_ready", "This instance serves no console.")
    session = await session_of(deps, request.cookies, used=attended(request.headers))
    view = view_of(request, deps, session)
    page = view.page
    assert page is not None, "every route of the console is a page in its registry"
    if session is not None:
        asks(view.who)
    elif not page.open:
        raise Problem("signed_out", "Nobody is signed in here.")
    if request.method not in SAFE:
        await _not_forged(view, needs_token=not page.open)
    if not page.open and not view.who.allows(page.scope):
        raise Problem("forbidden", f"The key lacks the scope {page.scope}.", extra={"scope": str(page.scope)})
    return view


async def _not_forged(view: View, *, needs_token: bool) -> None:
    request = view.request
    host = view.deps.settings.console_url.partition("://")[2] or request.headers.get("host", "")
    if not forgery.own_page(request.headers, host):
        raise Problem("cross_site", "The request did not come from a page of the console.")
    given = request.headers.get(forgery.HEADER)
    if given is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        sent = (await request.form()).get(forgery.FIELD)
        given = sent if isinstance(sent, str) else None
    if needs_token and not forgery.same_token(given, view.csrf):
        raise Problem("cross_site", "The request lacks the token of its session.")


Viewing = Annotated[View, Depends(_viewing)]
