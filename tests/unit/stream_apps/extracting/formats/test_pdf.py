"""PDF."""

from collections.abc import Callable
from pathlib import Path

import fpdf
import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.media_types import PDF

Write = Callable[[bytes | str], Path]
Build = Callable[[int], fpdf.FPDF]


def test_each_page_keeps_its_number_and_the_outline_its_headings(write: Write, pdf: Build) -> None:
    """A hit can name its page; progress counts pages."""
    told: list[tuple[int, int, str]] = []
    extraction = extract(write(bytes(pdf(60).output())), PDF, on_progress=lambda *state: told.append(state))
    sections = list(extraction)
    assert [section.page for section in sections] == list(range(1, 61))
    assert sections[41].text == "Page 42 of the manual\n"
    assert sections[41].heading == "Part 5"
    assert (extraction.summary.pages, extraction.summary.title) == (60, "The manual")
    assert told[0] == (1, 60, "pages")
    assert told[-1] == (60, 60, "pages")


def test_pages_without_text_are_no_text(write: Write) -> None:
    """A scanned document is refused, and told why."""
    empty = fpdf.FPDF()
    empty.add_page()
    with pytest.raises(Refused) as refusal:
        list(extract(write(bytes(empty.output())), PDF))
    assert refusal.value.code == ErrorCode.NO_TEXT
    assert "OCR" in refusal.value.detail
