"""The catalogue in a real browser: it asks for nothing, breaks nowhere, and can be used by keyboard and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, ViewportSize
from support.browser import chromium, served

from muniment.api.catalogue import routes
from muniment.api.dependencies import Dependencies
from muniment.api.middleware.context import RequestContext
from muniment.schemas.catalogue import declarations

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The catalogue's routes behind the middleware that every answer passes."""
    app = FastAPI()
    nothing: Any = None
    app.state.dependencies = Dependencies(
        publisher=nothing,
        codec=nothing,
        key_ring=nothing,
        claims=nothing,
        keys=nothing,
        reads=nothing,
        embedder=nothing,
    )
    app.include_router(routes.router)
    app.add_middleware(RequestContext)
    with served(app) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all looks."""
    with chromium() as found:
        yield found


@dataclass
class Visit:
    """An open catalogue, what it asked for and what it complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The catalogue, just opened; in light and wide unless the test says how."""
    theme, size = getattr(request, "param", ("light", WIDE))
    context = browser.new_context(color_scheme=theme, viewport=size)
    page = context.new_page()
    found = Visit(page)
    page.on("request", lambda asked: found.asked.append(asked.url))
    page.on("console", lambda said: found.complaints.append(said.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(f"{address}/catalogue")
    yield found
    context.close()


@pytest.mark.parametrize("visit", LOOKS, indirect=True, ids=lambda look: f"{look[0]}-{look[1]['width']}")
def test_it_looks_after_itself(visit: Visit, address: str) -> None:
    """In both themes and on a phone: one request in all, no complaint, no sideways scrolling, no barrier (axe)."""
    visit.page.get_by_role("button", name="Open all").click()
    assert visit.page.locator("details.event[open]").count() == len(declarations())
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visit.page.viewport_size["width"]
    assert [one for one in visit.asked if one != f"{address}/catalogue"] == []
    assert visit.complaints == []
    if (visit.page.viewport_size == PHONE) != visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"):
        return  # Axe is slow: colours and layouts are all seen in two of the four.
    visit.page.get_by_role("button", name="Close all").click()
    visit.page.locator("#words").fill("chunksprepared.v1")
    visit.page.locator("details[id='ChunksPrepared.v1'] > summary").click()
    found = Axe().run(visit.page)
    assert found.violations_count == 0, found.generate_report()


def test_it_is_searched_by_keyboard_alone(visit: Visit) -> None:
    """`/` goes to the search, words narrow it down, Tab and Enter open what is found, Escape shows all again."""
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type("flagchanged.v1")
    assert page.get_by_role("status").inner_text().startswith("1 of ")
    shown = page.locator("details.event:visible")
    assert [one.get_attribute("id") for one in shown.all()] == ["FlagChanged.v1"]
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('details.event > summary')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("details.event[open]").count() == 1
    page.locator("#words").focus()
    page.keyboard.press("Escape")
    assert shown.count() == len(declarations())
    page.keyboard.type("nothing has such a name")
    assert "Nothing found" in page.get_by_role("status").inner_text()


def test_a_link_to_an_event_opens_it(visit: Visit, address: str) -> None:
    """An address with an event's name shows that event, open, whatever was searched for before."""
    visit.page.goto(f"{address}/catalogue#DocumentIndexed.v1")
    visit.page.reload()
    assert [one.get_attribute("id") for one in visit.page.locator("details.event[open]").all()] == [
        "DocumentIndexed.v1"
    ]
    visit.page.locator("#words").fill("flag")
    visit.page.evaluate("location.hash = '#ChunksPrepared.v1'")
    visit.page.locator("details[id='ChunksPrepared.v1'][open]").wait_for()


def test_it_is_whole_without_scripts(browser: Browser, address: str) -> None:
    """Without JavaScript every event is there and opens; only the search is not shown."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/catalogue")
    assert page.locator("details.event").count() == len(declarations())
    assert not page.locator("#words").is_visible()
    page.locator("details.event summary").first.click()
    assert page.locator("details.event table").first.is_visible()
    context.close()


def test_what_is_slipped_in_does_not_run(visit: Visit) -> None:
    """The policy allows the page's own script and style by their hashes, and no other."""
    visit.page.evaluate(
        "() => { const script = document.createElement('script'); script.textContent = 'window.slipped = 1';"
        " const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(script, image); }"
    )
    assert visit.page.evaluate("window.slipped") is None
    for _ in range(300):
        if len(visit.complaints) == 2:
            break
        visit.page.wait_for_timeout(100)  # what the console says comes when it comes
    assert len(visit.complaints) == 2
    assert all("Content Security Policy" in one for one in visit.complaints)
