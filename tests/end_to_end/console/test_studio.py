"""The Studio in a real browser on the real stack: from an empty list to a script that is taken along."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect
from support.console import LAYOUT_RULES, PHONE, Desk, desk
from support.stack import Api, Stack, until

WAIT_MS = 60_000
REMEMBER = """() => new MutationObserver(() => sessionStorage.setItem("seen", document.querySelector("#streamed")
    .textContent)).observe(document.querySelector("#streamed"), {childList: true, characterData: true})"""
"""Keeps what came by the stream, for the page is made anew with what became of it."""
HANDBOOK = "\n\n".join(
    f"# Part {n}\n\nEveryone has {n} days of leave a year. Whoever joins in month {n} asks for leave in advance."
    for n in range(10, 40)
)


@contextmanager
def halted(api: Api) -> Iterator[None]:
    """Nobody writes drafts meanwhile: what is asked for waits."""

    def order(what: str, state: str) -> None:
        answer = api.ask("POST", f"/v1/steps/generating/{what}", json={"reason": "a test looks at drafts that wait"})
        assert answer.status_code == 202, answer.text

        def shown() -> bool:
            return any(s["name"] == "generating" and s["state"] == state for s in api.get("/v1/steps")["items"])

        until(f"the step is {state}", shown)

    order("halt", "halted")
    try:
        yield
    finally:
        order("resume", "running")


def begin(page: Page, title: str, document: str) -> None:
    """From the list to an episode of a new project with the document, by its forms."""
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Description").fill("Short episodes for newcomers")
    page.get_by_role("button", name="Create project").click()
    expect(page.locator("#toasts")).to_contain_text("The project is there")
    page.get_by_role("link", name="Add documents").click()
    page.get_by_label("Title or file name").fill(document)
    page.keyboard.press("Enter")
    page.get_by_label(document).check()
    page.get_by_role("button", name="Add what is ticked").click()
    page.get_by_role("link", name="New episode").click()
    page.get_by_label("Title").fill("Leave, explained")
    page.get_by_label("Brief").fill("How many days of leave everyone has")
    page.get_by_role("button", name="Create episode").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave, explained")


def watch(api: Api, at_desk: Desk) -> None:
    """Have a draft written and watch its text come, over a connection that breaks meanwhile."""
    page = at_desk.page
    with halted(api):
        page.get_by_role("button", name="Write draft").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("A draft is being written")
        expect(page.locator("#streamed")).to_have_attribute("aria-busy", "true")
        assert at_desk.violations() == []
        live = page.locator("main [data-live-state]")
        page.route("**/v1/drafts/*/events", lambda route: route.abort())
        page.reload()
        expect(live).to_have_attribute("data-state", "lost")
        page.unroute("**/v1/drafts/*/events")
        expect(live).to_have_attribute("data-state", "here", timeout=WAIT_MS)
        page.evaluate(REMEMBER)
    expect(page.locator("[data-cite]").first).to_be_visible(timeout=WAIT_MS)
    assert "leave" in (page.evaluate("sessionStorage.getItem('seen')") or "")
    expect(page.locator("main")).to_contain_text("no language model wrote it")
    assert at_desk.violations() == []


def read(at_desk: Desk) -> None:
    """Open a citation by keyboard, close it, and go from it to the document and back."""
    page = at_desk.page
    cite, panel = page.locator("[data-cite]").first, page.get_by_role("region", name="Cited passage")
    cite.focus()
    page.keyboard.press("Enter")
    expect(panel.locator("mark").first).to_be_visible()
    expect(panel.get_by_role("heading", name=re.compile(r"Citation \d+"))).to_be_focused()
    assert at_desk.violations() == []
    page.keyboard.press("Escape")
    expect(cite).to_be_focused()
    cite.click()
    panel.get_by_role("link", name="Open in Library").click()
    expect(page.locator(".passage mark").first).to_be_visible()
    page.go_back()


def edit(at_desk: Desk) -> None:
    """Add a sentence that its citation does not bear out, and look at why, and at what differs."""
    page = at_desk.page
    page.get_by_role("link", name="Edit", exact=True).click()
    field = page.get_by_label("Text", exact=True)
    text = field.input_value()
    field.fill(f"{text}\n\nThat is all for today, and the number of days is 77 [1].")
    page.get_by_role("button", name="Save as a new draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edited draft")
    expect(page.get_by_role("heading", name="Citations that do not hold")).to_be_visible(timeout=WAIT_MS)
    page.locator(".cite.doubt").last.click()
    why = page.get_by_role("region", name="Cited passage")
    expect(why).to_contain_text("The passage does not have the number 77.")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".diff")).to_contain_text("That is all for today")
    assert at_desk.violations() == []
    page.go_back()


def test_a_script_is_written_watched_read_edited_settled_and_exported(api: Api, at_desk: Desk) -> None:
    """The whole way from an empty list, without leaving the console."""
    api.indexed(HANDBOOK, "handbook.md", title="Handbook")
    page = at_desk.page
    at_desk.go("/studio")
    expect(page.get_by_text("No project yet")).to_be_visible()
    begin(page, "Handbook, spoken", "Handbook")
    watch(api, at_desk)
    read(at_desk)
    page.get_by_role("button", name="Make it the script").click()
    expect(page.locator("#toasts")).to_contain_text("is the episode's script now")
    edit(at_desk)
    page.get_by_role("button", name="Make it the script").click()
    expect(page.locator("main")).to_contain_text("Script, version 2")
    page.get_by_text("Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Word document").click()
    assert download.value.suggested_filename == "Leave, explained.docx"


def test_what_was_typed_is_not_lost(api: Api, at_desk: Desk) -> None:
    """Leaving with unsaved changes asks first; a change that somebody else was faster with is shown beside theirs."""
    page = at_desk.page
    made = api.ask("POST", "/v1/projects", json={"title": "Tides"}).json()
    at_desk.go(f"/studio/projects/{made['project_id']}/edit")
    page.get_by_label("Title").fill("Mine")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Library").click()
    until("the browser asks", lambda: (page.wait_for_timeout(50), asked)[1])
    expect(page.get_by_label("Title")).to_have_value("Mine")
    api.ask("PATCH", f"/v1/projects/{made['project_id']}", json={"title": "Theirs"})
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert", name="Somebody changed it meanwhile")).to_contain_text("Theirs")
    expect(page.get_by_label("Title")).to_have_value("Mine")
    assert at_desk.violations() == []
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")


def test_episodes_are_ordered_by_keyboard_and_by_dragging(api: Api, at_desk: Desk) -> None:
    """Either way the order stays, the focus too, and what came of it is said."""
    page = at_desk.page
    project = api.ask("POST", "/v1/projects", json={"title": "Tides"}).json()["project_id"]
    for title in ("One", "Two", "Three"):
        api.ask("POST", f"/v1/projects/{project}/episodes", json={"title": title})
    at_desk.go(f"/studio/projects/{project}")
    names = page.locator("[data-orders] a")
    page.get_by_role("button", name="Move One down").focus()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Two", "One", "Three"])
    expect(page.locator("#moved")).to_have_text("One is number 2 of 3 now.")
    expect(page.get_by_role("button", name="Move One down")).to_be_focused()
    rows = page.locator("[data-episode]")
    rows.nth(2).drag_to(rows.nth(0), target_position={"x": 60, "y": 3})
    expect(names).to_have_text(["Three", "Two", "One"])
    page.reload()
    expect(names).to_have_text(["Three", "Two", "One"])


def test_a_draft_is_stopped_on_a_phone_in_korean(stack: Stack, api: Api, browser: Browser) -> None:
    """Somebody on the way home begins a draft, changes their mind, and is told what became of it."""
    done = api.indexed(HANDBOOK, "handbook.md", title="안내서")
    project = api.ask("POST", "/v1/projects", json={"title": "안내"}).json()["project_id"]
    api.ask("POST", f"/v1/projects/{project}/documents", json={"add": [done["document_id"]]})
    body = {"title": "휴가", "brief": "days of leave"}
    episode = api.ask("POST", f"/v1/projects/{project}/episodes", json=body).json()["episode_id"]
    with (
        desk(browser, stack.record().addresses["api"], locale="ko-KR", viewport=PHONE, color_scheme="dark") as phone,
        halted(api),
    ):
        phone.sign_in(api.key)
        phone.go(f"/studio/projects/{project}/episodes/{episode}")
        assert phone.violations(only=LAYOUT_RULES) == []
        phone.page.locator("#write").get_by_role("button", name="초안 쓰기").click()
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("초안을 쓰는 중")
        assert phone.overflow() <= 0
        phone.page.get_by_role("button", name="쓰기 중단").click()
        phone.page.get_by_role("dialog").get_by_role("button", name="쓰기 중단").click()
        expect(phone.page.locator("main")).to_contain_text(re.compile("중단"), timeout=WAIT_MS)
        expect(phone.page.get_by_role("link", name="다른 초안 쓰기")).to_be_visible(timeout=WAIT_MS)
