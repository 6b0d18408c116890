"""Auditing in a real browser on the real stack: the slider, a sentence followed to its upload, a proof, a replay."""

import re

from playwright.sync_api import expect
from support.console import Desk
from support.stack import Api, until


def test_the_slider_is_moved_by_keyboard(api: Api, at_desk: Desk) -> None:
    """From the newest state to the first and on again, each said in words as well as shown."""
    first = api.indexed("Everyone has 25 days of leave.", "leave.txt", title="Leave then")
    path = f"/v1/documents/{first['document_id']}/versions"
    done = api.ask("POST", path, json={"text": "Everyone has 30 days.", "title": "Leave now"}).json()
    assert api.ended(done)["state"] == "succeeded"
    # A history is folded for itself, and a page shows it as it was when it was asked for.
    history = f"/v1/documents/{first['document_id']}/history"

    def indexed() -> int:
        return [one["event"] for one in api.get(history, limit=200)["items"]].count("DocumentIndexed")

    until("its history has both versions", lambda: indexed() == 2)
    page = at_desk.page
    at_desk.go("/audit")
    page.get_by_label("Id of a document, job, project, episode or draft").fill(first["document_id"])
    page.keyboard.press("Enter")
    title = page.locator("#then dd").first
    expect(title).to_have_text("Leave now")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#then .stop")).to_contain_text("1 of")
    expect(title).to_have_text("Leave then")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^DocumentSubmitted"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#then .stop")).to_contain_text("2 of")
    page.keyboard.press("End")
    expect(title).to_have_text("Leave now")
    assert at_desk.violations() == []
    at_desk.go("/audit/past?window=hour")
    expect(page.locator("#then")).to_contain_text("Leave now")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator("#then")).to_contain_text("There was no document then")


def test_a_sentence_is_followed_to_its_upload_and_proved(api: Api, at_desk: Desk) -> None:
    """Words lead to a passage, the graph to the upload, and its record to a proof that holds."""
    text = "\n\n".join(f"# Part {n}\n\nRule {n} of the tangerinetapir house holds on every day." for n in range(1, 40))
    done = api.indexed(text, "house.md", title="House rules")
    history = f"/v1/jobs/{done['job_id']}/history"

    def told() -> set[str]:
        return {one["event"] for one in api.get(history, limit=200)["items"]}

    until("its history is whole", lambda: told() >= {"SubmitDocument", "ChunksPrepared", "DocumentIndexed"})
    page = at_desk.page
    at_desk.go("/audit/lineage")
    page.get_by_label("A sentence, or some of its words").fill("rule 17 of the tangerinetapir house")
    page.keyboard.press("Enter")
    page.locator(".hits a").first.click()
    expect(page.locator(".passage mark").first).to_be_visible()
    for kind in ("upload", "version", "extraction", "batch", "chunk"):
        expect(page.locator(f"svg a.box.{kind}")).to_have_count(1)
    way = page.locator(".way li")
    expect(way.first).to_contain_text("Upload")
    expect(way.last).to_contain_text("Passage")
    assert at_desk.violations() == []

    here = page.url

    def proved() -> bool:
        page.goto(here)
        way.first.get_by_role("link", name="Prove").click()
        page.wait_for_url("**/console/audit/evidence?*")
        return page.get_by_text("The proof holds").count() == 1

    until("the record is sealed", proved, 60, 1)
    assert at_desk.violations() == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the proof").click()
    assert '"leaf_hash"' in download.value.path().read_text("utf-8")
    at_desk.go("/audit/lineage")
    page.get_by_label("A sentence, or some of its words").fill("tangerinetapir")
    page.keyboard.press("Enter")
    page.locator(".hits a").first.click()
    page.locator(".way li").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The life of a document")


def test_what_is_folded_is_told(at_desk: Desk) -> None:
    """Every read model follows the log, beside the command that folds one anew; who came here is on the trail."""
    page = at_desk.page
    at_desk.go("/audit/replays")
    expect(page.locator("#models")).to_contain_text("Follows the log")
    expect(page.get_by_text("muniment replay documents", exact=True)).to_be_visible()

    def entered() -> bool:
        # Entries gather for a moment before they go to the log.
        at_desk.go("/audit/trail?action=session.begin")
        return any("session.begin" in row for row in page.locator("tbody tr").all_inner_texts())

    until("signing in is on the trail", entered)
