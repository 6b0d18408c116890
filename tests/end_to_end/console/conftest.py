"""A browser for the tests of the console, and somebody who is signed in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from support.browser import chromium
from support.console import Desk, desk
from support.stack import Api, Stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file: it keeps a loop running in this thread, where others run their own."""
    with chromium() as found:
        yield found


@pytest.fixture
def at_desk(stack: Stack, api: Api, browser: Browser) -> Iterator[Desk]:
    """Somebody of a new tenant, with every scope, signed in."""
    with desk(browser, stack.record().addresses["api"]) as made:
        made.sign_in(api.key)
        yield made
