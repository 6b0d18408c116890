"""A sheet as Markdown (CommonMark) with footnotes, as GitHub and Pandoc read them, and YAML front matter."""

import json

from muniment.api.scripts.exports.sheet import Note, Sheet

MEDIA_TYPE = "text/markdown; charset=utf-8"
EXTENSION = "md"
DOUBTED = "⚠"
"""Stands before a mark that does not hold."""


def render(sheet: Sheet) -> bytes:
    """The file."""
    labels: dict[Note, str] = {}
    body = "".join(part if isinstance(part, str) else _mark(part, labels) for part in sheet.parts())
    notes = "".join(f"[^{label}]: {_escaped(note.label)}\n" for note, label in labels.items())
    return f"{_front(sheet)}\n# {_escaped(sheet.title)}\n\n{body.rstrip()}\n{notes and chr(10)}{notes}".encode()


def _front(sheet: Sheet) -> str:
    facts = {
        "title": sheet.title,
        "project": sheet.project,
        "edition": sheet.edition,
        "draft": str(sheet.draft_id),
        "written_by": sheet.model,
        "written_at": sheet.written_at.isoformat(timespec="seconds") if sheet.written_at else "",
        "lang": sheet.language,
    }
    # A JSON string is a YAML string (YAML 1.2, 1.3).
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items() if value]
    return f"---\n{''.join(lines)}---\n"


def _mark(note: Note, labels: dict[Note, str]) -> str:
    if note not in labels:
        # A passage that several sentences cite has a footnote for each: one may hold where the other does not.
        same = sum(other.number == note.number for other in labels)
        labels[note] = f"{note.number}" + (f"-{same + 1}" if same else "")
    return f"{DOUBTED if note.doubt else ''}[^{labels[note]}]"


def _escaped(text: str) -> str:
    """A line of plain text that Markdown takes as it is."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>#" else c for c in line)
