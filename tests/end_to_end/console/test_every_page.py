"""Every page of the console, by the registry: both themes, both languages, on a desk and on a phone."""

from playwright.sync_api import Browser, expect
from support.console import LAYOUT_RULES, PHONE, WIDE, Desk, addresses, desk, entries, samples
from support.stack import Api, Stack

from muniment.api.console.app import console
from muniment.api.console.page import ROOT
from muniment.api.console.words import Words


def test_every_page_can_be_used_by_everybody(at_desk: Desk, api: Api) -> None:
    """axe finds nothing, in light and dark, on a desk and on a phone, and nothing is wider than the screen."""
    found = addresses(samples(api))
    # What stands around the page is the same on all of a section: its second look is at one of them.
    whole = {section.pages[0].name for section in console().sections}
    wrong = []
    for name, path in found.items():
        at_desk.look("light", WIDE)
        at_desk.go(path)
        wrong += [f"{name} light: {one}" for one in at_desk.violations()]
        at_desk.look("dark", PHONE)
        within = ":root" if name in whole else "main"
        wrong += [f"{name} dark, phone: {one}" for one in at_desk.violations(only=LAYOUT_RULES, within=within)]
        if at_desk.overflow() > 0:
            wrong.append(f"{name} phone: {at_desk.overflow()} pixels too wide")
    assert wrong == []
    assert len(found) >= len([page for page in entries() if "{" not in page.path])


def test_every_page_speaks_korean(stack: Stack, api: Api, browser: Browser) -> None:
    """Its title, its navigation and its own words are those of the other catalogue."""
    korean = Words("ko", console().texts)
    with desk(browser, stack.record().addresses["api"], locale="ko-KR") as korean_desk:
        korean_desk.sign_in(api.key)
        # As the browser that is signed in would ask, but for pictures, styles and scripts: they are the same.
        asked = korean_desk.page.request
        for page in (page for page in entries() if page.nav):
            answer = asked.get(f"{korean_desk.url}{ROOT}{page.path}", headers={"Accept-Language": "ko-KR"})
            assert answer.status == 200, page.path
            said = answer.text()
            assert '<html lang="ko"' in said, page.path
            assert korean("section.library") in said, page.path
            assert korean(page.title) in said, page.path
        korean_desk.go("/library")
        expect(korean_desk.page.locator(".sections")).to_contain_text(korean("section.library"))


def test_signing_in_and_out_in_a_browser(stack: Stack, api: Api, browser: Browser) -> None:
    """A wrong key says so and keeps the keyboard in place; the right one leads on; signed out means out."""
    with desk(browser, stack.record().addresses["api"]) as made:
        page = made.page
        made.go("/library/search?q=leave")
        assert made.violations() == []
        page.keyboard.type("mun_wrong")
        page.focus("#key")
        page.keyboard.type("mun_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("not valid")
        expect(page.locator("#key")).to_be_focused()
        page.fill("#key", api.key)
        page.keyboard.press("Enter")
        expect(page.locator("#q")).to_have_value("leave")
        page.get_by_label("Account and appearance").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_label("Account and appearance").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#toasts")).to_contain_text("signed out")
        made.go("/library")
        expect(page.locator("#key")).to_be_visible()


def test_a_page_can_be_used_by_keyboard(at_desk: Desk) -> None:
    """The first step leads past the navigation, menus open and close, and the focus is always to be seen."""
    page = at_desk.page
    at_desk.go("/library")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("details.menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    outline = page.locator("details.menu summary").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline != "none"
