"""EPUB."""

from collections.abc import Callable
from pathlib import Path

import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.media_types import EPUB

Entries = dict[str, bytes | str]
Write = Callable[[bytes | str], Path]
Zipped = Callable[[Entries], bytes]


def test_chapters_come_in_the_order_of_the_spine(write: Write, zipped: Zipped, epub_entries: Entries) -> None:
    """The table of contents names the chapters, the package the book."""
    extraction = extract(write(zipped(epub_entries)), EPUB)
    assert [(section.heading, section.text) for section in extraction] == [
        ("The first", "First text.\n\n"),
        ("둘째 장", "Second text.\n\n"),
    ]
    assert extraction.summary.title == "A small book"


def test_an_old_table_of_contents_is_read_too(write: Write, zipped: Zipped, epub_entries: Entries) -> None:
    """EPUB 2 names its chapters in an NCX file."""
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Old name</text></navLabel>'
        '<content src="text/one.xhtml#a"/></navPoint></navMap></ncx>'
    )
    package = (
        str(epub_entries["OEBPS/book.opf"])
        .replace('properties="nav"', "")
        .replace("<manifest>", '<manifest><item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
    )
    book = epub_entries | {"OEBPS/toc.ncx": ncx, "OEBPS/book.opf": package}
    assert [section.heading for section in extract(write(zipped(book)), EPUB)] == ["Old name", None]


def test_entities_in_the_package_are_refused(write: Write, zipped: Zipped, epub_entries: Entries) -> None:
    """A billion laughs end before the first."""
    bomb = '<!DOCTYPE package [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><package>&b;</package>'
    with pytest.raises(Refused) as refusal:
        list(extract(write(zipped(epub_entries | {"OEBPS/book.opf": bomb})), EPUB))
    assert refusal.value.code == ErrorCode.UNREADABLE_DOCUMENT
