"""A sheet as a Word document (Office Open XML, ECMA-376), each citation as a footnote of its own.

python-docx writes everything but the footnotes, which it does not know: their part is made here (ECMA-376, 17.11).
"""

import re
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from muniment.api.scripts.exports.sheet import PLACE, Note, Sheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXTENSION = "docx"
_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 cannot hold."""
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_DOUBTED = RGBColor(0xB0, 0x1E, 0x1E)
_BOLD = re.compile(rf"\*\*[^{PLACE}*]+\*\*")
_MARKS = re.compile(rf"({_BOLD.pattern}|{PLACE}\d+{PLACE})")
_LEVELS_MOST = 8


def render(sheet: Sheet) -> bytes:
    """The file."""
    document: Any = docx.Document()
    facts = document.core_properties
    facts.title, facts.subject = _clean(sheet.title)[:255], _clean(sheet.project)[:255]
    facts.author = _clean(sheet.model)[:255] or "Muniment"
    facts.comments = sheet.identity
    facts.language, facts.keywords = sheet.language, ""
    if sheet.written_at:
        facts.created = facts.modified = sheet.written_at.replace(tzinfo=None)
    document.add_heading(_clean(sheet.title), 0)
    text, notes = sheet.with_places(lambda part: _UNWRITABLE.sub("\ufffd", part))
    for line in text.split("\n"):
        _paragraph(document, line, notes)
    if notes:
        _add_footnotes(document, notes)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _paragraph(document: Any, line: str, notes: list[Note]) -> None:
    if not line.strip():
        return
    if heading := _HEADING.match(line):
        paragraph, line = document.add_heading("", min(len(heading[1]) + 1, _LEVELS_MOST)), heading[2]
    elif line.startswith(("- ", "* ")):
        paragraph, line = document.add_paragraph(style="List Bullet"), line[2:]
    else:
        paragraph = document.add_paragraph()
    for part in _MARKS.split(line):
        if part.startswith(PLACE):
            _refer(paragraph, int(part.strip(PLACE)), notes)
        elif _BOLD.fullmatch(part):
            paragraph.add_run(part[2:-2]).bold = True
        elif part:
            paragraph.add_run(part)


def _refer(paragraph: Any, number: int, notes: list[Note]) -> None:
    note = notes[number - 1]
    if note.doubt:
        warning = paragraph.add_run("⚠")
        warning.font.color.rgb, warning.font.size = _DOUBTED, Pt(8)
    run = paragraph.add_run()
    run.font.superscript = True
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), str(number))
    run._r.append(reference)  # noqa: SLF001 - python-docx has no other way


def _add_footnotes(document: Any, notes: list[Note]) -> None:
    kinds = (("separator", -1), ("continuationSeparator", 0))
    fixed = "".join(
        f'<w:footnote w:type="{k}" w:id="{n}"><w:p><w:r><w:{k}/></w:r></w:p></w:footnote>' for k, n in kinds
    )
    written = "".join(_footnote(number, note) for number, note in enumerate(notes, start=1))
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    xml = f"{head}<w:footnotes {nsdecls('w')}>{fixed}{written}</w:footnotes>"
    part = Part(PackURI("/word/footnotes.xml"), _PART, xml.encode(), document.part.package)
    document.part.relate_to(part, _RELATION)


def _footnote(number: int, note: Note) -> str:
    up = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
    red = f'<w:rPr><w:b/><w:color w:val="{_DOUBTED}"/></w:rPr>'
    doubt = f'<w:r>{red}<w:t xml:space="preserve">{note.doubt.capitalize()}: </w:t></w:r>' if note.doubt else ""
    where = escape(_clean(f"[{note.number}] {note.where}"))
    return (
        f'<w:footnote w:id="{number}"><w:p><w:r>{up}<w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> </w:t></w:r>'
        f'{doubt}<w:r><w:t xml:space="preserve">{where}</w:t></w:r></w:p></w:footnote>'
    )


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", " ".join(text.split()))
