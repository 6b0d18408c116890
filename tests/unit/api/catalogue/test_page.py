"""The catalogue's page and document, as they are served."""

import re

import pytest

from muniment.api.catalogue.page import page, prose
from muniment.api.live_channel.described import with_live
from muniment.schemas import asyncapi
from muniment.schemas.catalogue import declarations
from muniment.schemas.description import CLASSES, describe
from muniment.schemas.lineage import lineage
from muniment.schemas.topics import TOPICS


@pytest.fixture(scope="module")
def html() -> str:
    """The page of some version."""
    return page("9.8.7").html


def test_everything_that_is_declared_is_on_it(html: str) -> None:
    """Every topic and event has a place with its name, and every field its meaning."""
    anchors = set(re.findall(r' id="([^"]+)"', html))
    assert {topic.name for topic in TOPICS} <= anchors
    for declaration in declarations():
        assert declaration.key in anchors
        for field in describe(declaration):
            assert str(prose(field.meaning)) in html
    for text in CLASSES.values():
        assert text.replace("'", "&#39;") in html
    assert "9.8.7" in html


def test_it_names_nothing_outside(html: str) -> None:
    """No address of elsewhere is loaded or linked: what is linked lies below this server's own root."""
    assert re.findall(r'(?:src|href)="(?!#|/asyncapi\.json")', html) == []
    assert "@import" not in html
    assert "url(" not in html


def test_docstrings_are_text() -> None:
    """What stands in a docstring is shown, not run; backquotes make code."""
    assert str(prose("a `b<c>` & <script>")) == "a <code>b&lt;c&gt;</code> &amp; &lt;script&gt;"


async def test_it_is_served_under_its_own_policy(world) -> None:
    """Open to all; nothing but the page's own style and script is allowed."""
    async with world.client() as http:
        answer = await http.get("/catalogue")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_document_is_served(world) -> None:
    """The AsyncAPI document of this very program, in its version."""
    async with world.client() as http:
        answer = await http.get("/asyncapi.json")
    assert answer.status_code == 200
    assert answer.json() == with_live(asyncapi.document(lineage(), answer.json()["info"]["version"]))
