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
from muniment.api.settings import ApiSettings

WAIT_MS = 60_000


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
