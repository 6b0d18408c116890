"""PDF by pypdfium2, page by page; the outline's entries serve as headings."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pypdfium2

from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.progress import Progress

_OUTLINE_ENTRIES_MAX = 10_000
# PDFium marks a hyphen at the end of a line by U+FFFE or U+0002: the word goes on in the next line.
_SOFT_HYPHENS = ("\ufffe\r\n", "\x02\r\n", "\ufffe", "\x02")


def read(path: Path, on_progress: Progress) -> Content:
    """Read a PDF in bounded memory: one page is open at a time. PDFium is not thread-safe: one process each."""
    document = pypdfium2.PdfDocument(path)
    try:
        title = document.get_metadata_value("Title").strip() or None
        pages = len(document)
    finally:
        document.close()
    return Content(_passages(path, on_progress), title=title, pages=pages)


def _passages(path: Path, on_progress: Progress) -> Iterator[Passage]:
    document = pypdfium2.PdfDocument(path)
    try:
        outline = _outline(document)
        for index in range(len(document)):
            text = _text(document, index)
            if text.strip():
                place = bisect_right(outline, index, key=lambda entry: entry[0]) - 1
                yield Passage(text + "\n", index + 1, outline[place][1] if place >= 0 else None)
            on_progress(index + 1, len(document), "pages")
    finally:
        document.close()


def _text(document: pypdfium2.PdfDocument, index: int) -> str:
    page = document.get_page(index)
    try:
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_bounded()
        finally:
            text_page.close()
    finally:
        page.close()
    for mark in _SOFT_HYPHENS:
        text = text.replace(mark, "")
    return text.replace("\r\n", "\n")


def _outline(document: pypdfium2.PdfDocument) -> list[tuple[int, str]]:
    """Return (page index, title) of the outline's entries, by page; the last entry of a page names it."""
    entries = []
    for bookmark in islice(document.get_toc(max_depth=6), _OUTLINE_ENTRIES_MAX):
        target = bookmark.get_dest()
        index = target.get_index() if target is not None else None
        if index is not None and (title := " ".join(bookmark.get_title().split())):
            entries.append((index, title))
    return sorted(entries, key=lambda entry: entry[0])
