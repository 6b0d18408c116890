"""HTML."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.formats import html
from muniment.stream_apps.extracting.media_types import HTML, MediaType
from muniment.stream_apps.extracting.section import Section

Write = Callable[[bytes | str], Path]
Read = Callable[[Path, MediaType], list[Section]]

PAGE = """<!doctype html><html><head><title> A  page </title><style>p{}</style></head><body>
<nav>menu</nav><p>Before</p><h1>One <em>big</em></h1><p>Some <b>bold</b>text,
wrapped.<br>next</p><script>alert(1)</script><div hidden>x</div><div style="display: none">y</div>
<span aria-hidden="true">z</span><table><tr><th>Name</th><th>City</th></tr><tr><td>Kim</td><td>서울</td></tr></table>
<h2>Two<a href="#two">¶</a></h2><pre>  a
   b</pre><!-- gone --><ul><li>x</li><li>y &amp; z</li></ul></body></html>"""


def test_a_page_is_read_as_it_is_seen(write: Write) -> None:
    """Blocks have lines of their own, scripts and what is hidden are gone, headings are kept."""
    extraction = extract(write(PAGE), HTML)
    sections = list(extraction)
    assert [section.heading for section in sections] == [None, "One big", "Two"]
    assert "".join(section.text for section in sections) == (
        "Before\n\nOne big\n\nSome boldtext, wrapped.\nnext\n\nName | City\nKim | 서울\n\n"
        "Two¶\n\n  a\n   b\n\nx\ny & z\n\n"
    )
    assert extraction.summary.title == "A page"


@pytest.mark.parametrize("declared", ["euc-kr", "utf-8", "no-such-thing", "hex"])
def test_a_korean_page_is_read_whatever_it_declares(write: Write, read: Read, declared: str) -> None:
    """What the bytes are counts before what the page says."""
    page = f'<html><head><meta charset="{declared}"></head><body><p>똠방각하 안녕하세요</p></body></html>'
    for codec in ("utf-8", "cp949"):
        if not (codec == "cp949" and declared == "utf-8"):
            assert read(write(page.encode(codec)), HTML)[0].text == "똠방각하 안녕하세요\n\n"


def test_a_declared_western_page_is_believed(write: Write, read: Read) -> None:
    """Where the bytes are not UTF-8, the page's own word counts."""
    page = '<html><head><meta charset="iso-8859-2"></head><body>źdźbło zażółć</body></html>'
    assert read(write(page.encode("iso-8859-2")), HTML)[0].text == "źdźbło zażółć\n"


def test_self_closed_elements_of_xhtml_swallow_nothing(write: Write, read: Read) -> None:
    """A parser for HTML would take `<script/>` and `<title/>` as open to the end of the page."""
    page = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a"/></head><body><p/>text</body></html>'
    )
    assert read(write(page), HTML)[0].text == "text\n"


def test_depth_and_entities_are_no_danger(write: Write, read: Read) -> None:
    """A page may be deep, but not deep enough to stall the parser; a billion laughs are not expanded."""
    assert read(write("<div>" * 900 + "deep"), HTML)[0].text == "deep\n"
    with pytest.raises(Refused):
        read(write("<div>" * 100_000 + "deep"), HTML)
    assert read(write("<div>x</div>" * 5_000 + "<p>y" * 5_000), HTML)[0].text.count("y") == 5_000
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><html><body>&b;</body></html>'
    assert len(read(write(bomb), HTML)[0].text) < 100


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["<p>", "</p>", "<h1>", "</h1>", "<b>", "w", " ", "<td>", "<pre>", "</pre>", "<br>"])
    )
)
def test_no_word_is_lost(write: Write, words: list[str]) -> None:
    """However the tags are mixed up, every word of the body comes out once."""
    tree = html.parse("".join(words).encode(), "utf-8-sig")
    text = "".join(passage.text for passage in html.passages_of(tree, None))
    assert text.count("w") == words.count("w")
