"""The console in a real browser: signed in, watched for whatever leaves the machine, looked at as people look at it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize
from support.browser import PATIENCE_MS
from support.stack import Api, until

from muniment.api.console.app import console
from muniment.api.console.page import ROOT
from muniment.api.console.page import Page as Entry

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LAYOUT_RULES = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "meta-viewport")
"""What can differ between two looks at the same page; all other rules are asked once."""
AXE = Axe().axe_script
_WANTED = re.compile(r"\{(\w+)\}")


@dataclass
class Desk:
    """Somebody at the console.

    Attributes:
        page: What they look at.
        url: Where it is served.
        asked: Every address that the browser asked for.
        complaints: What the browser complained of: errors of scripts, and what the page's policy forbade.

    """

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Go to an address below `/console`."""
        self.page.goto(f"{self.url}{ROOT}{path}")

    def sign_in(self, key: str) -> None:
        """Sign in with a key, as people do."""
        self.go("/sign-in")
        self.page.fill("#key", key)
        self.page.click("main form button:not([name])")
        self.page.wait_for_url(lambda address: "/sign-in" not in address)

    def violations(self, *, only: tuple[str, ...] = (), within: str = ":root") -> list[str]:
        """What axe finds wrong, by WCAG 2.2 AA and its best practices; with `only` by these rules."""
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if only:
            options["runOnly"] = {"type": "rule", "values": list(only)}
        # Half a megabyte of script: once for each page that is loaded, however often it is looked at.
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(AXE)
        run = "([within, options]) => axe.run(within, options).then(({violations}) => violations)"
        found = self.page.evaluate(run, [within, options])
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wide

    def look(self, scheme: str, size: ViewportSize) -> None:
        """Look at the same page in other colours, on another screen."""
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.page.set_viewport_size(size)

    def outside(self) -> list[str]:
        """Addresses that are not the console's own host."""
        own = urlsplit(self.url).netloc
        return [address for address in self.asked if urlsplit(address).netloc != own]


@contextmanager
def desk(browser: Browser, url: str, **options: Any) -> Iterator[Desk]:
    """A browser window of its own; fails when it asked for anything outside, or complained."""
    context = browser.new_context(**{"locale": "en", "viewport": WIDE, **options})
    context.set_default_timeout(PATIENCE_MS)
    try:
        made = Desk(context.new_page(), url)
        made.page.on("request", lambda request: made.asked.append(request.url))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", lambda message: _complain(made, message))
        yield made
        assert made.outside() == []
        assert made.complaints == []
    finally:
        context.close()


def _complain(made: Desk, message: ConsoleMessage) -> None:
    # That an address answered with an error, a test looks at by itself.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        made.complaints.append(message.text)


def entries() -> list[Entry]:
    """Every page that can be shown with something on it, or leads somewhere by itself."""
    return [page for page in console().pages.values() if page.method == "GET" and page.title and not page.open]


def addresses(facts: Mapping[str, str]) -> dict[str, str]:
    """Pages by their names, each at its sample address where the facts fill that in, or at its plain one."""
    found = {}
    for page in entries():
        wanted = page.sample or page.path
        if set(_WANTED.findall(wanted)) <= facts.keys():
            found[page.name] = wanted.format_map(facts)
    return found


def samples(api: Api) -> dict[str, str]:
    """Make what the samples of the pages are about; the facts that fill them in."""
    text = "\n\n".join(
        f"# Part {n}\n\nEveryone has {n} days of leave a year, asked for in advance." for n in range(1, 25)
    )
    done = api.indexed(text, "leave.md", title="Leave policy", metadata='{"project": "handbook"}')
    return {"document_id": done["document_id"], "job_id": done["job_id"], **script(api, done["document_id"])}


def script(api: Api, document_id: str) -> dict[str, str]:
    """A project with the document, an episode of it, and a draft that is its script; the facts that name them."""

    def posted(path: str, **body: Any) -> dict[str, Any]:
        answer = api.ask("POST", path, json=body)
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    project = posted("/v1/projects", title="Handbook, spoken", description="Short episodes for newcomers")["project_id"]
    posted(f"/v1/projects/{project}/documents", add=[document_id])
    episodes = f"/v1/projects/{project}/episodes"
    episode = posted(episodes, title="Leave, explained", brief="How many days of leave everyone has")["episode_id"]
    draft = posted(f"{episodes}/{episode}/drafts")["draft_id"]
    written = lambda: api.ask("GET", f"/v1/drafts/{draft}").json().get("state") == "written"  # noqa: E731
    until("the draft is written", written)
    posted(f"/v1/drafts/{draft}/commit")
    return {"project_id": project, "episode_id": episode, "draft_id": draft}
