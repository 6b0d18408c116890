"""Operations in a real browser on the real stack: what fails is sent back, what runs is followed, flags are turned."""

import re

from playwright.sync_api import expect
from support.console import Desk
from support.stack import Api, Stack, until

WAIT_MS = 60_000


def buried(stack: Stack, api: Api, names: list[str]) -> None:
    """Dead letters of documents that the endpoint rejects; it is well again afterwards."""
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 50})
    done = [api.submit(f"A text about {name}, which nobody takes.", f"{name}.txt") for name in names]
    assert [api.ended(one)["state"] for one in done] == ["failed"] * len(names)
    stack.endpoint.reset()
    until("the dead letters are listed", lambda: len(api.get("/v1/dead-letters")["items"]) == len(names), 60)


def watched(at_desk: Desk) -> None:
    """Go to where the redrive that was just ordered is watched: at once, or from the list, if that was undecided."""
    page = at_desk.page
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Redrives?$"))

    def there() -> bool:
        if not page.locator("#progress").count():
            at_desk.go("/operations/redrives")
            begun = page.locator("tbody tr a")
            if begun.count():
                begun.first.click()
                page.wait_for_url("**/redrives/*")
        return page.locator("#progress").count() == 1

    until("the redrive has begun", there)


def none_waits(at_desk: Desk) -> None:
    """See that no dead letter waits, once that shows: letters are folded apart from what was decided on them."""

    def shown() -> bool:
        at_desk.go("/operations/dead-letters")
        return at_desk.page.get_by_text("No dead letter waits").count() == 1

    until("no dead letter waits", shown)


def test_dead_letters_are_looked_at_redriven_and_watched(stack: Stack, api: Api, at_desk: Desk) -> None:
    """From the cause to the plan, with a trial, to the end of the redrive: all of them are searchable after that."""
    buried(stack, api, ["mintmole", "plumpuma", "rosyrook"])
    page = at_desk.page
    at_desk.go("/operations/dead-letters")
    group = page.get_by_role("article")
    expect(group).to_have_count(1)
    expect(group).to_contain_text("provider_rejected")
    assert at_desk.violations() == []
    group.get_by_role("link", name="Redrive").click()
    expect(page.locator("#found")).to_have_text("3")
    page.get_by_label("Letters a second").fill("20")
    page.get_by_label("Reason").fill("the endpoint takes them again")
    assert at_desk.violations() == []
    page.get_by_role("button", name="Redrive 3 letters").click()
    watched(at_desk)
    expect(page.locator("#progress")).to_contain_text("3 of 3 sent", timeout=WAIT_MS)
    expect(page.locator("#progress .badge")).to_have_text("Done", timeout=WAIT_MS)
    assert at_desk.violations() == []
    until("they are searchable", lambda: api.search("plumpuma", mode="text"), 60)
    none_waits(at_desk)


def test_a_letter_is_opened_and_redriven_and_one_is_given_up(stack: Stack, api: Api, at_desk: Desk) -> None:
    """A patch that is none is shown again with why, a refused one says what to do instead.

    The letter is redriven as it is then, and another one given up.
    """
    buried(stack, api, ["teakteal", "wheatwolf"])
    page = at_desk.page
    at_desk.go("/operations/dead-letters/all")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("link").click()
    page.get_by_role("link", name="Open the record").click()
    expect(page.locator("pre.code")).to_contain_text("which nobody takes")
    record = page.url
    patch = page.get_by_label("JSON Patch")
    patch.fill("[")
    page.get_by_label("Reason").fill("a shorter text")
    page.get_by_role("button", name="Edit it and redrive").click()
    expect(patch).to_have_attribute("aria-invalid", "true")
    assert at_desk.violations() == []
    patch.fill('[{"op": "replace", "path": "/texts/0/text", "value": "A text about a coppercat."}]')
    page.get_by_label("Reason").fill("a shorter text")
    page.get_by_role("button", name="Edit it and redrive").click()
    expect(page.locator("#decision")).to_contain_text("This was not done", timeout=WAIT_MS)
    expect(page.locator("#decision")).to_contain_text("submit a new version of the document")
    page.goto(record)
    page.get_by_role("link", name="Redrive", exact=True).click()
    page.get_by_label("Reason").fill("the endpoint takes it again")
    page.get_by_role("button", name="Redrive 1 letter").click()
    watched(at_desk)
    expect(page.locator("#progress .badge")).to_have_text("Done", timeout=WAIT_MS)
    until("its job goes well", lambda: api.get("/v1/jobs", state="succeeded")["items"], 60)

    waiting = lambda: len(api.get("/v1/dead-letters", status="waiting")["items"]) == 1  # noqa: E731
    until("the other one alone waits", waiting)
    at_desk.go("/operations/dead-letters/all?status=waiting")
    page.locator("tbody tr a").first.click()
    page.get_by_role("link", name="Discard").click()
    page.get_by_label("Reason").fill("a test file")
    page.get_by_role("button", name="Discard 1 letter").click()
    expect(page.locator("#decision")).to_contain_text("Letters discarded", timeout=WAIT_MS)
    none_waits(at_desk)


def test_a_flag_is_turned_and_turned_back(at_desk: Desk) -> None:
    """Not without a reason; who did it and why is in its history."""
    page = at_desk.page
    at_desk.go("/operations/flags/outbox")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_label("Reason").fill("the broker is being moved")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("#decision")).to_contain_text("Done.", timeout=WAIT_MS)
    # What was decided shows by itself; the rest of the page is as it was when it was asked for.
    at_desk.go("/operations/flags/outbox")
    page.get_by_label("Reason").fill("it was moved")
    page.get_by_role("button", name="Turn it off").click()
    expect(page.locator("#decision")).to_contain_text("Done.", timeout=WAIT_MS)
    at_desk.go("/operations/flags/outbox")
    expect(page.get_by_role("button", name="Turn it on")).to_be_visible()
    history = page.locator("tbody tr")
    expect(history.nth(0)).to_contain_text("it was moved")
    expect(history.nth(1)).to_contain_text("the broker is being moved")


def test_a_job_is_followed_though_the_connection_was_lost(api: Api, at_desk: Desk) -> None:
    """The page says that it is lost; when it is back, the job that came meanwhile is in the list."""
    page = at_desk.page
    badge = page.locator("[data-live-state]")
    page.route("**/v1/jobs/events*", lambda route: route.abort())
    at_desk.go("/operations/jobs")
    expect(badge).to_have_attribute("data-state", "lost")
    job = api.submit("A text about a yellowyak.", "yak.txt")["job_id"]
    expect(page.get_by_text("No job yet")).to_be_visible()
    page.unroute("**/v1/jobs/events*")
    row = page.locator(f"#job-{job}")
    expect(row).to_be_visible(timeout=WAIT_MS)
    expect(badge).to_have_attribute("data-state", "here")
    assert at_desk.violations() == []


def test_a_job_is_cancelled(stack: Stack, api: Api, at_desk: Desk) -> None:
    """Not without a reason; it ends as cancelled, which the page shows by itself, and nothing is left to cancel."""
    page = at_desk.page
    stack.endpoint.misbehave({"kind": "hang", "seconds": 60, "times": 10})
    try:
        job = api.submit("A text about a vermilionvole.", "vole.txt")["job_id"]
        at_desk.go("/operations/jobs")
        page.locator(f"#job-{job}").get_by_role("link").first.click()
        state = page.locator("#state .badge").first
        expect(state).to_have_text("Running", timeout=WAIT_MS)
        assert at_desk.violations() == []
        page.get_by_role("button", name="Cancel the job").click()
        expect(page.get_by_label("Reason")).to_be_focused()
        page.get_by_label("Reason").fill("not wanted any more")
        page.get_by_role("button", name="Cancel the job").click()
        expect(state).to_have_text("Cancelled", timeout=WAIT_MS)
        at_desk.go(f"/operations/jobs/{job}")
        expect(page.locator("#state")).to_contain_text("It was cancelled.")
        expect(page.get_by_role("button", name="Cancel the job")).to_have_count(0)
        assert at_desk.violations() == []
    finally:
        stack.endpoint.reset()


def test_the_house_is_seen_at_a_glance(api: Api, at_desk: Desk) -> None:
    """Its parts, what ended over time as drawing and table, and how far steps and read models are."""
    api.indexed("A text about an umberurchin.", "u.txt")
    page = at_desk.page
    at_desk.go("/operations?range=hour")
    expect(page.locator("#now")).to_contain_text("Database")
    ended = page.locator("#chart-ended")
    expect(ended.locator("canvas")).to_be_visible()
    ended.get_by_text("Show as a table").click()
    cells = ended.locator("details td[data-y]").evaluate_all("all => all.map((one) => Number(one.dataset.y))")
    assert sum(cells) >= 1
    at_desk.go("/operations/lag")
    expect(page.locator("#behind")).to_contain_text("Follows the log")
    expect(page.get_by_role("region", name=re.compile("Retry tiers"))).to_contain_text("125s")
