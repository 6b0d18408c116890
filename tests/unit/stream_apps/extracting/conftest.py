"""Builders of small real files."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import fpdf
import pytest

from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.media_types import MediaType
from muniment.stream_apps.extracting.section import Section

_CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
_PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A small book</dc:title></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="one"/><itemref idref="two"/></spine></package>"""
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="text/one.xhtml">The first</a></li>
<li><a href="text/two.xhtml#top">둘째 장</a></li></ol></nav></body></html>"""
_CHAPTER = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>
<script src="x.js"/></head><body><p>{}</p></body></html>"""

Zipped = Callable[[dict[str, bytes | str]], bytes]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes | str], Path]:
    """Write bytes, or text as UTF-8 with its line ends as they are, to a file without a telling name."""

    def to_file(data: bytes | str) -> Path:
        path = tmp_path / "blob"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return to_file


@pytest.fixture
def read() -> Callable[[Path, MediaType], list[Section]]:
    """Extract a whole file and check that its sections join."""

    def sections(path: Path, media_type: MediaType) -> list[Section]:
        found = list(extract(path, media_type))
        assert [section.start for section in found] == [0, *(section.end for section in found[:-1])]
        return found

    return sections


@pytest.fixture
def zipped() -> Zipped:
    """Build a zip archive; `mimetype` is stored first and unpacked, as EPUB wants it."""

    def build(entries: dict[str, bytes | str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries.items():
                archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    return build


@pytest.fixture
def epub_entries() -> dict[str, bytes | str]:
    """Return what a small book of two chapters consists of."""
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": _PACKAGE,
        "OEBPS/nav.xhtml": _NAV,
        "OEBPS/text/two.xhtml": _CHAPTER.format("Second text."),
        "OEBPS/text/one.xhtml": _CHAPTER.format("First text."),
    }


@pytest.fixture
def docx_bytes() -> bytes:
    """Return a Word document with headings, a table in the middle and Korean text."""
    document = docx.Document()
    document.core_properties.title = "Annual report"
    document.add_heading("Overview", 1)
    document.add_paragraph("First paragraph.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells], ["Name", "City", "Kim", "서울"], strict=True):
        cell.text = text
    document.add_heading("결론", 2)
    document.add_paragraph("마지막 문단입니다.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def with_parts(docx_bytes: bytes, zipped: Zipped) -> Callable[[dict[str, bytes | str]], bytes]:
    """Add parts to the Word document, or replace them."""

    def build(parts: dict[str, bytes | str]) -> bytes:
        with zipfile.ZipFile(io.BytesIO(docx_bytes)) as archive:
            entries: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
        return zipped(entries | parts)

    return build


@pytest.fixture
def pdf() -> Callable[[int], fpdf.FPDF]:
    """Return a PDF of so many pages, "Page N of the manual" on each, not yet written."""

    def build(pages: int) -> fpdf.FPDF:
        document = fpdf.FPDF()
        document.set_title("The manual")
        document.set_font("Helvetica", size=12)
        for number in range(1, pages + 1):
            document.add_page()
            if number % 10 == 1:
                document.start_section(f"Part {number // 10 + 1}")
            document.cell(text=f"Page {number} of the manual")
        return document

    return build
