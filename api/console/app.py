"""Puts the console into the application: its sections, its static files, its way of telling problems."""

from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from muniment.api.console import entrance, federated, troubles
from muniment.api.console.audit.section import AUDITING
from muniment.api.console.base_texts import TEXTS
from muniment.api.console.library.section import LIBRARY
from muniment.api.console.operations.section import OPERATIONS
from muniment.api.console.page import ROOT, Page
from muniment.api.console.static_files import static_file
from muniment.api.console.studio.section import STUDIO
from muniment.api.console.view import Console
from muniment.api.console.words import merged

SECTIONS = (LIBRARY, STUDIO, OPERATIONS, AUDITING)
"""In the order of the navigation. Adding a section is one entry here."""
STATIC = Page("/static/{name:path}", "consoleStatic", static_file, open=True)


@cache
def console() -> Console:
    """All of it, without an application; `ValueError` when two pages, or two texts, have one name."""
    pages = [*entrance.PAGES, *federated.PAGES, *(page for section in SECTIONS for page in section.pages)]
    by_name = {page.name: page for page in pages}
    if len(by_name) != len(pages):
        raise ValueError("two pages of the console have one name")
    return Console(SECTIONS, merged([TEXTS, *(section.texts for section in SECTIONS)]), by_name)


def install(app: FastAPI) -> None:
    """What the pages ask of the application: the console itself, and problems told in a page."""
    app.state.console = console()
    app.state.problem_page = troubles.shown


@cache
def routes() -> tuple[BaseRoute, ...]:
    """The routes below `/console`. They are for people: the OpenAPI document does not name them."""
    router = APIRouter()
    for page in (STATIC, *console().pages.values()):
        router.add_api_route(
            ROOT + page.path,
            page.serve,
            methods=[page.method],
            operation_id=page.name,
            include_in_schema=False,
            response_model=None,
        )
    return tuple(router.routes)
