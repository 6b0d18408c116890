"""Pages that are left open: what becomes of them when whoever opened them is not signed in any more."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect
from served_api import Served
from support.browser import chromium
from support.console import desk
from support.feed import MemoryFeed

from muniment.api.live.hub import Hub
from muniment.api.rights import Rights
from muniment.api.sessions import Lifetime, PostgresSessions
from muniment.api.settings import ApiSettings
from muniment.api.signed_in import UNATTENDED

WAIT_MS = 60_000
IDLE_S = 5.0
"""Longer than these pages wait before they ask again."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file: it keeps a loop running in this thread."""
    with chromium() as found:
        yield found


@pytest.fixture
def streaming(served: Served) -> Iterator[Served]:
    """The API with streams in which nothing happens, and whose readers' rights are asked for often."""
    state = served.app.state
    before = state.dependencies
    state.dependencies = replace(before, streams=Hub(MemoryFeed(), ApiSettings()), rights=Rights(0.5))
    try:
        yield served
    finally:
        state.dependencies = before


@pytest.fixture
def impatient(served: Served) -> Iterator[Served]:
    """The API with sessions that end after a few seconds without use."""
    state = served.app.state
    before = state.dependencies
    sessions = PostgresSessions(before.sessions.pool, Lifetime(idle_s=IDLE_S))
    state.dependencies = replace(before, sessions=sessions, streams=Hub(MemoryFeed(), ApiSettings()))
    try:
        yield served
    finally:
        state.dependencies = before


@pytest.mark.parametrize("where", ["/operations/lag", "/audit/replays"])
def test_a_page_that_asks_again_and_again_idles_out(impatient: Served, browser: Browser, where: str) -> None:
    """Nobody is there: the session ends though the page asks every few seconds, and the page leads to the sign-in."""
    with desk(browser, impatient.url) as made:
        made.sign_in(impatient.mine)
        with made.page.expect_request(lambda asked: "hx-request" in asked.headers, timeout=WAIT_MS) as asked:
            made.go(where)
        assert asked.value.headers[UNATTENDED.lower()] == "true"
        expect(made.page).to_have_url(re.compile("/console/sign-in"), timeout=WAIT_MS)


def test_who_signs_out_elsewhere_is_led_to_the_sign_in(streaming: Served, browser: Browser) -> None:
    """A page that only follows a stream asks nothing by itself: its stream ends, and it does not ask for ever."""
    with desk(browser, streaming.url) as made:
        made.sign_in(streaming.mine)
        made.go("/operations/jobs?state=failed")
        expect(made.page.locator("[data-live-state]")).to_have_attribute("data-state", "here", timeout=WAIT_MS)
        other = made.page.context.new_page()
        other.goto(f"{made.url}/console/library")
        other.get_by_label("Account and appearance").click()
        other.get_by_role("button", name="Sign out").click()
        other.wait_for_url("**/console/sign-in**")
        # The browser rests the streams of pages that nobody looks at: now somebody looks at this one again.
        made.page.bring_to_front()
        expect(made.page).to_have_url(re.compile("/console/sign-in"), timeout=WAIT_MS)
        made.page.fill("#key", streaming.mine)
        made.page.click("main form button:not([name])")
        expect(made.page).to_have_url(re.compile(r"/console/operations/jobs\?state=failed"))
