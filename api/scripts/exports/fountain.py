"""A sheet as Fountain 1.1 (fountain.io/syntax): a title page, the text, and each citation as a note.

Drafts are scenes under Markdown headings, with speakers before a colon: these become scene headings, characters and
dialogue. What a writer typed as Fountain stays Fountain. A line that only by chance begins with one of its forcing
characters is made action, so that no line changes its kind on the way.
"""

import re
from collections.abc import Iterator

from muniment.api.scripts.exports.sheet import PLACE, Note, Sheet

MEDIA_TYPE = "text/vnd.fountain; charset=utf-8"
EXTENSION = "fountain"
_FORCED = re.compile(r"[~@=]|\.[^.A-Z]|>(?!.*<\s*$)|\[\[")
"""Beginnings that mean something in Fountain and nothing in prose; a scene heading is `.` and a capital."""
_SCENE = re.compile(r"##+\s+(?=\w)(.*)")
_SPOKEN = re.compile(r"(?:\*\*)?(?P<name>[^\W\d_a-z][^a-z:\[\]\n]{0,39})(?:\*\*)?:(?:\*\*)?\s+(?P<said>\S.*)")
"""A speaker, in capitals where the script has them, and what is said."""
_PLACE = re.compile(rf"{PLACE}(\d+){PLACE}")


def render(sheet: Sheet) -> bytes:
    """The file."""
    text, notes = sheet.with_places(_safe)
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(_lines(text)))
    body = _PLACE.sub(lambda place: _note(notes[int(place[1]) - 1]), body)
    return f"{_title_page(sheet)}\n{body.strip()}\n".encode()


def _title_page(sheet: Sheet) -> str:
    facts = {
        "Title": sheet.title,
        "Credit": "written by" if sheet.model else "",
        "Author": sheet.model,
        "Source": sheet.project,
        "Draft date": sheet.written_at.date().isoformat() if sheet.written_at else "",
        "Notes": sheet.identity,
    }
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in facts.items() if value)


def _note(note: Note) -> str:
    where = note.where.replace("]]", "] ]")
    return f"[[{note.number}: {f'{note.doubt.upper()}: ' if note.doubt else ''}{where}]]"


def _safe(text: str) -> str:
    # A comment (boneyard) would take out of sight whatever follows it, and a note end too soon.
    kept = text.replace(PLACE, "\ufffd").replace("/*", "/ *").replace("[[", "[ [")
    return kept.replace("\t", "    ")


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if scene := _SCENE.fullmatch(line):
            yield from ("", f".{scene[1]}", "")
        elif spoken := _SPOKEN.fullmatch(line):
            name = spoken["name"].strip(" *")
            # A name without capitals has to be said to be one.
            yield from ("", name if name.isupper() and name.isascii() else f"@{name}", spoken["said"], "")
        else:
            yield f"!{line}" if _FORCED.match(line) else line
