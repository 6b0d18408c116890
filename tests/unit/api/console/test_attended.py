"""What counts as use of a session: what somebody does, and nothing that an open page does by itself."""

import re
from uuid import uuid4

import pytest
from support.signed_in import browser

from muniment.api.console.app import console
from muniment.api.console.page import ROOT
from muniment.api.console.rendering import FOLDER, environment
from muniment.api.signed_in import UNATTENDED

PAGES = [page for page in console().pages.values() if not page.open and page.method == "GET"]
PEOPLES = {"input", "change", "click", "submit"}
"""What only somebody at the page sets off."""
_TRIGGER = re.compile(r'hx-trigger="([^"]*)"( \{\{ unattended \}\})?')


def triggers():
    """What has elements of templates ask for something: the template, the words, and whether it is marked."""
    for path in sorted(FOLDER.rglob("*.html")):
        for words, mark in _TRIGGER.findall(path.read_text()):
            yield path.relative_to(FOLDER).as_posix(), words, bool(mark)


def test_whatever_asks_by_itself_says_so():
    """Every element of every template that does not wait for somebody's doing has `{{ unattended }}` behind it."""
    found = list(triggers())
    for template, words, marked in found:
        by_itself = any(one.split()[0] not in PEOPLES for one in words.split(","))
        assert marked == by_itself, f"{template}: {words}"
    assert {marked for _, _, marked in found} == {True, False}


def test_the_mark_is_the_header_that_is_looked_for():
    """The attribute has htmx send the header by which the API knows."""
    assert environment().globals["unattended"] == f"""hx-headers='{{"{UNATTENDED}": "true"}}'"""


async def test_a_page_that_looks_again_by_itself_prolongs_nothing(world):
    """Each page and each part of one; the same asked for by somebody does."""
    async with browser(world.app) as http:
        await http.post("/console/sign-in", data={"key": "mine"})
        for page in PAGES:
            where = ROOT + re.sub(r"\{[^}]+\}", str(uuid4()), page.path)
            world.sessions.uses.clear()
            await http.get(where, headers={"HX-Request": "true", UNATTENDED: "true"})
            assert world.sessions.uses == [], page.name
            await http.get(where, headers={"HX-Request": "true"})
            assert len(world.sessions.uses) == 1, page.name


@pytest.mark.parametrize(
    ("headers", "uses"),
    [({}, 1), ({UNATTENDED: "true"}, 0), ({"Accept": "text/event-stream"}, 0)],
)
async def test_reading_the_api_by_the_cookie(world, headers, uses):
    """A file that somebody takes along is use; what a script asks for, and a stream that comes back, is none."""
    async with browser(world.app) as http:
        await http.post("/console/sign-in", data={"key": "mine"})
        assert (await http.get("/v1/whoami", headers=headers)).status_code == 200
        assert len(world.sessions.uses) == uses
