"""The Library in a real browser on the real stack: documents in, watched, read, found, deleted."""

import re
from pathlib import Path

from playwright.sync_api import expect
from support.console import Desk
from support.stack import Api, Stack, until

LEAVE = "\n\n".join(f"# Part {n}\n\nEveryone has {n} days of leave a year; sabbatical rule {n}." for n in range(1, 41))
WAIT_MS = 60_000


def files(folder: Path, count: int) -> list[str]:
    """Some files on disk; the first is a longer one."""
    for n in range(count):
        (folder / f"paper-{n}.md").write_text(LEAVE if n == 0 else f"# Paper {n}\n\nAbout matter {n}.")
    return [str(folder / f"paper-{n}.md") for n in range(count)]


def test_a_document_goes_in_is_read_found_and_deleted(at_desk: Desk, tmp_path: Path) -> None:
    """From dropping files to the passage that answers a question, and away again, without leaving the console."""
    page = at_desk.page
    page.set_input_files("[data-files]", files(tmp_path, 3))
    rows = page.locator("[data-list] li")
    expect(rows).to_have_count(3)
    expect(page.locator("[data-sum-text]")).to_have_text("3 of 3 done", timeout=WAIT_MS)
    expect(rows.locator(".doing")).to_have_text(["Done"] * 3)

    def listed() -> bool:
        # Documents are folded apart from jobs: the list is renewed when the last job has ended, and not after that.
        states = page.locator("#rows tbody tr .badge").all_inner_texts()
        if states == ["Searchable"] * 3:
            return True
        page.evaluate("document.body.dispatchEvent(new CustomEvent('muniment:moved'))")
        return False

    until("all of them are in the list", listed, every_s=0.5)
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="Read the text").click()
    expect(page.locator(".passage").first).to_contain_text("Everyone has 1 days of leave")
    page.wait_for_load_state("load")
    said = " ".join(page.locator(".passage .text").all_inner_texts())
    assert said.replace("#", "").split() == LEAVE.replace("#", "").split()

    page.goto(f"{at_desk.url}/console/library/search")
    page.fill("#q", "sabbatical rule 17")
    page.keyboard.press("Enter")
    first = page.locator(".hits li").first
    expect(first.locator("mark").first).to_be_visible()
    first.get_by_text("Why this hit?").click()
    expect(first.get_by_role("row", name=re.compile("Words"))).to_contain_text("1")
    first.get_by_role("link").first.click()
    expect(page.locator(".passage.pointed mark")).to_contain_text("sabbatical")

    page.locator(".crumbs a").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("being deleted")

    def gone() -> bool:
        # A page that was shown before the deletion does not change by itself.
        at_desk.go("/library")
        return page.locator("#rows tbody tr").count() == 2

    until("it is not listed any more", gone)


def test_what_is_refused_says_why_and_can_be_tried_again(at_desk: Desk, tmp_path: Path) -> None:
    """In the row of the upload, and on the document's page with a way to go on."""
    (tmp_path / "virus.txt").write_bytes(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
    page = at_desk.page
    page.set_input_files("[data-files]", str(tmp_path / "virus.txt"))
    row = page.locator("[data-list] li").first
    expect(row.locator(".doing.bad")).to_be_visible(timeout=WAIT_MS)
    row.get_by_role("link").click()
    expect(page.locator(".trouble")).to_contain_text("could not be read")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#toasts")).to_contain_text("tried again")
    expect(page.get_by_role("region", name="Versions").locator("tbody tr")).to_have_count(2, timeout=WAIT_MS)


def test_a_lost_connection_comes_back_with_nothing_missed(at_desk: Desk, tmp_path: Path) -> None:
    """While the event stream is away the page says so; when it is back, what ended meanwhile is told."""
    page = at_desk.page
    page.route("**/v1/jobs/events*", lambda route: route.abort())
    page.set_input_files("[data-files]", files(tmp_path, 2))
    badge = page.locator("[data-list] [data-live-state]")
    expect(badge).to_have_attribute("data-state", "lost")
    expect(badge).to_have_text("Connection lost, trying again…")
    sent = "window.muniment.uploads.items.every((one) => one.job)"
    until("both are sent", lambda: page.evaluate(sent))
    page.unroute("**/v1/jobs/events*")
    expect(page.locator("[data-sum-text]")).to_have_text("2 of 2 done", timeout=WAIT_MS)


def test_a_document_is_looked_at_again_when_its_stream_is_back(api: Api, at_desk: Desk) -> None:
    """What became of a new version while the connection was lost is shown by itself once it is back."""
    document = api.indexed("A text about an ivoryibis.", "ibis.txt")["document_id"]
    page = at_desk.page
    page.route("**/v1/jobs/events*", lambda route: route.abort())
    at_desk.go(f"/library/documents/{document}")
    badge = page.locator("[data-live-state]").first
    expect(badge).to_have_attribute("data-state", "lost")
    again = api.submit("Another text about the ivoryibis.", "ibis.txt", document_id=document)
    assert api.ended(again)["state"] == "succeeded"
    versions = page.get_by_role("region", name="Versions").locator("tbody tr")
    expect(versions).to_have_count(1)
    page.unroute("**/v1/jobs/events*")
    expect(versions).to_have_count(2, timeout=WAIT_MS)
    expect(badge).to_have_text("Live", timeout=WAIT_MS)


def test_on_a_slow_network_an_upload_shows_how_far_it_is(at_desk: Desk, tmp_path: Path) -> None:
    """The bar moves while bytes go out, and the page stays usable meanwhile."""
    (tmp_path / "large.txt").write_text("A line about nothing in particular.\n" * 20_000)
    page = at_desk.page
    slow = page.context.new_cdp_session(page)
    kilo = 1024
    conditions = {"offline": False, "latency": 150, "downloadThroughput": 400 * kilo, "uploadThroughput": 60 * kilo}
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", conditions)
    page.set_input_files("[data-files]", str(tmp_path / "large.txt"))
    bar = page.locator("[data-list] progress").first
    seen: set[float] = set()

    def moving() -> bool:
        seen.add(bar.evaluate("bar => bar.value"))
        return len([share for share in seen if 0 < share < 0.5]) > 1

    until("the bar moves while bytes go out", moving, every_s=0.05)
    expect(page.locator("[data-list] .doing").first).to_have_text(re.compile("Sending|Queued|Reading"))
    page.get_by_text("Labels, person, web address").click()
    expect(page.locator("#labels")).to_be_visible()
    quick = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    slow.send("Network.emulateNetworkConditions", quick)
    expect(page.locator("[data-sum-text]")).to_have_text("1 of 1 done", timeout=WAIT_MS)


def test_ten_thousand_documents_are_paged_and_filtered(stack: Stack, api: Api, at_desk: Desk) -> None:
    """A page holds fifty, the next is one step away, and a filter finds the one among all."""
    [live] = stack.rows("select schema from read.live where projection = 'documents'")
    table = f"{live['schema']}.documents"
    made = f"""insert into {table} (tenant, document_id, status, active_version, latest_version, deleted_up_to, title,
        file_name, media_type, size_bytes, created_at, updated_at) select $1, gen_random_uuid(), 'indexed', 1, 1, 0,
        'Paper ' || n, 'paper-' || n || '.md', 'text/markdown', n, now() - n * interval '1 minute', now()
        from generate_series(1, 10000) n"""
    stack.rows(made, api.tenant)
    try:
        page = at_desk.page
        at_desk.go("/library")
        titles = page.locator("#rows tbody tr td.first a")
        expect(titles).to_have_count(50)
        expect(titles.first).to_have_text("Paper 1")
        page.get_by_role("link", name="Next page").click()
        expect(titles.first).to_have_text("Paper 51")
        page.fill("#q", "Paper 9876")
        page.keyboard.press("Enter")
        expect(titles).to_have_text(["Paper 9876"])
        page.get_by_role("link", name="Clear filters").click()
        expect(titles.first).to_have_text("Paper 1")
    finally:
        stack.rows(f"delete from {table} where tenant = $1", api.tenant)
