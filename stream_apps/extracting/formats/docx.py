"""Word documents by python-docx: paragraphs and tables in order, headings by style, pages as last laid out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.table import Table

from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.progress import Progress

_TABLE_DEPTH_MAX = 8
_PROGRESS_EVERY = 200
_PAGE_BREAK = qn("w:lastRenderedPageBreak")


def read(path: Path, on_progress: Progress) -> Content:
    """Read a document; `pages` is None when Word left no marks of its last layout."""
    document = docx.Document(str(path))
    breaks = sum(1 for _ in document.element.body.iter(_PAGE_BREAK))
    title = (document.core_properties.title or "").strip() or None
    return Content(
        _passages(document, on_progress, paged=breaks > 0), title=title, pages=breaks + 1 if breaks else None
    )


def _passages(document: Any, on_progress: Progress, *, paged: bool) -> Iterator[Passage]:
    headings = _heading_styles(document)
    heading: str | None = None
    page = 1
    total = len(document.element.body)
    for number, block in enumerate(document.iter_inner_content(), start=1):
        breaks, inner = _breaks(block._element) if paged else (0, False)  # noqa: SLF001 - python-docx has no other way
        # A break at the very start of a paragraph puts all of it on the next page.
        page += breaks if not inner else 0
        if isinstance(block, Table):
            text = "".join(_rows(block, 0)).rstrip("\n")
        else:
            text = block.text
            if _style_id(block) in headings and text.strip():
                heading = " ".join(text.split())
        if text:
            yield Passage(f"{text}\n", page if paged else None, heading)
        page += breaks if inner else 0
        if number % _PROGRESS_EVERY == 0:
            on_progress(number, total, "blocks")
    on_progress(total, total, "blocks")


def _breaks(element: Any) -> tuple[int, bool]:
    """Return the page breaks inside a block, and whether text comes before the first."""
    breaks, text_before = 0, False
    for node in element.iter(_PAGE_BREAK, qn("w:t")):
        if node.tag == _PAGE_BREAK:
            breaks += 1
        elif not breaks:
            text_before = True
    return breaks, text_before


def _heading_styles(document: Any) -> set[str]:
    # By the built-in name, which stays English in every language of Word; the id does not.
    names = {style.style_id: (style.name or "") for style in document.styles}
    return {id_ for id_, name in names.items() if name == "Title" or name.startswith("Heading ")}


def _style_id(paragraph: Any) -> str | None:
    properties = paragraph._p.pPr  # noqa: SLF001 - paragraph.style searches all styles for each paragraph
    return properties.pStyle.val if properties is not None and properties.pStyle is not None else None


def _rows(table: Table, depth: int) -> Iterator[str]:
    if depth >= _TABLE_DEPTH_MAX:
        return
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:
            # A merged cell is listed once for each column that it spans.
            if id(cell._tc) not in seen:  # noqa: SLF001 - its identity is nowhere else
                seen.add(id(cell._tc))  # noqa: SLF001
                cells.append(_cell(cell, depth))
        yield " | ".join(cells) + "\n"


def _cell(cell: Any, depth: int) -> str:
    parts = []
    for block in cell.iter_inner_content():
        text = "".join(_rows(block, depth + 1)) if isinstance(block, Table) else block.text
        parts.append(text.strip())
    return " ".join(part for part in parts if part)
