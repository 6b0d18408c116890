"""Word documents."""

import io
from collections.abc import Callable
from pathlib import Path

import docx
from docx.oxml import OxmlElement

from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.media_types import DOCX, MediaType
from muniment.stream_apps.extracting.section import Section

Write = Callable[[bytes | str], Path]
Read = Callable[[Path, MediaType], list[Section]]


def test_headings_and_tables_come_in_order(write: Write, docx_bytes: bytes) -> None:
    """A table stands where it stood, under its heading."""
    extraction = extract(write(docx_bytes), DOCX)
    assert [(section.heading, section.text) for section in extraction] == [
        ("Overview", "Overview\nFirst paragraph.\nName | City\nKim | 서울\n"),
        ("결론", "결론\n마지막 문단입니다.\n"),
    ]
    assert (extraction.summary.title, extraction.summary.pages) == ("Annual report", None)


def test_pages_are_those_of_the_last_layout(write: Write, read: Read) -> None:
    """Where Word noted its page breaks, sections know their page."""
    document = docx.Document()
    document.add_paragraph("one")
    paragraph = document.add_paragraph()
    paragraph.add_run()._r.append(OxmlElement("w:lastRenderedPageBreak"))
    paragraph.add_run("two")
    crossing = document.add_paragraph("ends on two ")
    crossing.add_run()._r.append(OxmlElement("w:lastRenderedPageBreak"))
    document.add_paragraph("three")
    buffer = io.BytesIO()
    document.save(buffer)
    sections = read(write(buffer.getvalue()), DOCX)
    assert [(section.page, section.text) for section in sections] == [
        (1, "one\n"),
        (2, "two\nends on two \n"),
        (3, "three\n"),
    ]


def test_merged_and_nested_cells_are_read_once(write: Write, read: Read) -> None:
    """A cell that spans columns is one cell; a table in a cell is part of it."""
    document = docx.Document()
    table = document.add_table(rows=1, cols=3)
    merged = table.cell(0, 0).merge(table.cell(0, 1))
    merged.text = "wide"
    inner = table.cell(0, 2).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "a", "b"
    buffer = io.BytesIO()
    document.save(buffer)
    assert read(write(buffer.getvalue()), DOCX)[0].text == "wide | a | b\n"
