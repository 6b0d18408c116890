"""What every page of the console carries: one look, no outside request, one's own language, problems as pages."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from markupsafe import Markup
from support.signed_in import browser

from muniment.api.console import static_files
from muniment.api.console.app import SECTIONS, console
from muniment.api.console.page import ROOT
from muniment.api.console.rendering import FOLDER, marked
from muniment.api.keys import Scope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

VENDOR = Path(str(static_files.FOLDER)) / "vendor"
PLAIN = [page for page in console().pages.values() if page.method == "GET" and "{" not in page.path and page.title]


@pytest.fixture
async def http(world):
    """Somebody with every scope, signed in."""
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "mine"})
        yield client


async def test_a_page_asks_for_nothing_from_elsewhere(http):
    """Its policy allows nothing but this origin; it names no other, and has no script or style in line."""
    for page in PLAIN:
        answer = await http.get(ROOT + page.path)
        if page.name == "consoleSignInPage":
            assert answer.status_code == 303
            continue
        # A page may say that its part is away: it is a page all the same.
        assert answer.status_code in {200, 503}, page.name
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; "), page.name
        assert "unsafe" not in policy, page.name
        assert "data:" not in policy, page.name
        assert re.findall(r"""(?:src|href|action)="(?!/console|/v1/|[#?])([^"]*)\"""", answer.text) == [], page.name
        assert re.findall(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", answer.text) == [], page.name
        assert answer.headers["x-frame-options"] == "DENY", page.name
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", page.name
        assert answer.headers["cache-control"] == "no-store", page.name


def test_no_template_has_anything_in_line():
    """Strict policies allow no inline style, script or handler: they would silently do nothing."""
    bad = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|\shx-on|javascript:")
    assert [p.name for p in Path(str(FOLDER)).rglob("*.html") if bad.search(p.read_text("utf-8"))] == []


async def test_a_choice_is_kept(http):
    """Language and colours stay as they were chosen, on every page from then on."""
    before = (await http.get("/console/library")).text
    assert '<html lang="en" data-theme="auto">' in before
    token = re.search(r'name="csrf_token" value="([^"]+)"', before)[1]
    for choice in ("language=ko", "theme=dark", "theme=pink", "nonsense"):
        answer = await http.post(
            "/console/choose", data={"choice": choice, "next": "/console/library", "csrf_token": token}
        )
        assert answer.headers["location"] == "/console/library"
    assert '<html lang="ko" data-theme="dark">' in (await http.get("/console/library")).text


async def test_the_navigation_shows_what_somebody_may_see(world):
    """A section without a page for them is not there; whoever has a key for nothing here is told so."""
    world.keys.add("bystander", "acme", Scope.DECRYPT)
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "bystander"})
        answer = await client.get("/console")
    assert "Nothing to show" in answer.text
    for section in SECTIONS:
        assert f'href="/console/{section.name}"' not in answer.text


async def test_the_beginning_is_the_first_page_that_somebody_may_see(http):
    """Whoever comes to /console is led on."""
    answer = await http.get("/console")
    assert answer.headers["location"] == "/console/library"


async def test_a_problem_is_a_page(http):
    """In the reader's language, with what can be done and the number of the request; never a JSON document."""
    answer = await http.get("/console/nowhere", headers={"Accept-Language": "ko"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "없는 페이지입니다" in answer.text
    assert "req-" in answer.text


async def test_a_script_gets_the_problem_for_its_place(http):
    """What a script asked for and did not get is shown where the page shows problems, and nothing else changes."""
    answer = await http.get(f"/console/library?q={'a' * 501}", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#troubles"
    assert answer.text.strip().startswith('<div class="trouble"')


async def test_what_nobody_foresaw_is_a_page_too(world, http):
    """It tells nothing about the inside."""

    async def broken(*_, **__):
        raise RuntimeError("the inside")

    world.reads.documents = broken
    answer = await http.get("/console/library")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "the inside" not in answer.text


async def test_with_the_database_away_there_is_still_a_page(world, http):
    """Whoever cannot be known any more is told why."""

    async def away(_, *, used):
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "no connection")

    world.sessions.find = away
    answer = await http.get("/console/library")
    assert answer.status_code == 503
    assert "The database is away" in answer.text
    assert answer.headers["retry-after"]


async def test_what_somebody_wrote_is_never_a_part_of_the_page(world, http):
    """Titles and file names are shown as text."""
    document_id = world.add_document()
    held = world.reads.of_documents["acme"]
    held[document_id] = held[document_id].model_copy(update={"title": "<script>alert(1)</script>"})
    answer = await http.get("/console/library")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_marks_stand_where_the_words_are():
    """What is marked is escaped like the rest, and spans that do not fit are left out."""
    assert marked("a<b>c", [(1, 4)]) == Markup("a<mark>&lt;b&gt;</mark>c")
    assert marked("abc", [(1, 2), (1, 3), (9, 12)]) == Markup("a<mark>b</mark>c")


async def test_static_files_are_kept_for_good_under_their_checksum(world):
    """A new version of the program is a new address; without it browsers ask again."""
    async with browser(world.app) as client:
        named = await client.get(static_files.address("base.css"))
        bare = await client.get("/console/static/base.css")
        again = await client.get("/console/static/base.css", headers={"If-None-Match": bare.headers["etag"]})
        outside = await client.get("/console/static/../view.py")
        hidden = await client.get("/console/static/vendor/manifest.json")
    assert named.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in named.headers["cache-control"]
    assert bare.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert (outside.status_code, hidden.status_code) == (404, 404)


def test_what_is_not_our_own_is_what_the_manifest_says():
    """Every vendored file is there with its checksum, its licence beside it, and no file is there without."""
    listed = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    said = {f"{one['folder']}/{name}": sha for one in listed for name, sha in one["files"].items()}
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert there == said
    for one in listed:
        assert one["license"] in {"0BSD", "MIT", "OFL-1.1"}
        assert "LICENSE" in one["files"]
        assert re.fullmatch(r"npm:[@a-z0-9./-]+@\d+\.\d+\.\d+", one["package"])


async def test_every_page_that_leads_anywhere_is_found(http):
    """The links of the navigation lead to pages that are there."""
    links = set(re.findall(r'href="(/console/[a-z/-]+)"', (await http.get("/console/library")).text))
    for link in links:
        assert (await http.get(link)).status_code == 200, link


def test_every_page_has_a_name_of_its_own_and_says_its_title():
    """Operation ids begin with `console`; what the navigation leads to has a title."""
    for page in console().pages.values():
        assert re.fullmatch(r"console[A-Z]\w+", page.name)
        assert page.title or not page.nav
        assert page.path == "" or page.path.startswith("/")
    assert len({(p.method, p.path) for p in console().pages.values()}) == len(console().pages)
