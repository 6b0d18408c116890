"""Markdown: the source text itself, with its headings found by a line scan, so that offsets stay exact.

markdown-it-py wants the whole text in memory; here it only renders the headings' own markup.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import TextSource
from muniment.stream_apps.progress import Progress

_ATX = re.compile(r" {0,3}#{1,6}(?=\s|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*\r?\n?$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\r\n]*)")
_NOT_A_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[-*+>|#]|\d{1,9}[.)]|$)|\s*$")
_HEADING_CHARACTERS_MAX = 1_000
_PASSAGE_CHARACTERS = 16 * 1024
_INLINE = MarkdownIt()


def read(path: Path, on_progress: Progress) -> Content:
    """Read Markdown; a `title:` in its front matter is the title."""
    with TextSource(path) as source:
        title = _front_matter_title(source)
    return Content(_passages(path, on_progress), title=title)


def _front_matter_title(source: TextSource) -> str | None:
    if source.line().rstrip() != "---":
        return None
    for _, line in zip(range(100), source.lines(), strict=False):
        if line.rstrip() in {"---", "..."}:
            break
        if line.startswith("title:"):
            return line[6:].strip().strip("\"'") or None
    return None


def _passages(path: Path, on_progress: Progress) -> Iterator[Passage]:
    heading: str | None = None
    pending = ""
    outline = _Outline()
    with TextSource(path, on_progress) as source:
        for line in source.lines():
            found = outline.heading(line)
            if found is not None:
                # An underlined heading began one line ago.
                before = pending[: len(pending) - found.lines_back_characters]
                if before:
                    yield Passage(before, heading=heading)
                pending, heading = pending[len(before) :], found.title
            pending += line
            # The last line is kept: the next one may turn it into a heading.
            if len(pending) > _PASSAGE_CHARACTERS:
                yield Passage(pending[: -len(line)], heading=heading)
                pending = line
        if pending:
            yield Passage(pending, heading=heading)


def _without_closing(title: str) -> str:
    """Drop the closing hashes of a heading; by hand, as a pattern for it takes cubic time on a line of blanks."""
    bare = title.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else title


class _Found:
    def __init__(self, source: str, lines_back_characters: int) -> None:
        tokens = _INLINE.parseInline(source[:_HEADING_CHARACTERS_MAX])[0].children or []
        self.title = " ".join("".join(token.content or " " * (token.type == "softbreak") for token in tokens).split())
        self.lines_back_characters = lines_back_characters


class _Outline:
    """Tells headings from code: fences, front matter and the line before, remembered from line to line."""

    def __init__(self) -> None:
        self._fence: str | None = None
        self._front_matter: bool | None = None
        self._paragraph = ""
        self._paragraph_lines = 0

    def heading(self, line: str) -> _Found | None:
        if self._in_front_matter(line) or self._in_fence(line):
            self._paragraph_lines = 0
            return None
        if match := _ATX.match(line):
            self._paragraph_lines = 0
            title = _without_closing(line[match.end() :].strip())
            return _Found(title, 0) if title else None
        if self._paragraph_lines == 1 and _UNDERLINE.match(line):
            self._paragraph_lines = 0
            return _Found(self._paragraph.strip(), len(self._paragraph))
        self._remember(line)
        return None

    def _remember(self, line: str) -> None:
        if not line.strip() or (not self._paragraph_lines and _NOT_A_PARAGRAPH.match(line)):
            self._paragraph_lines = 0
        else:
            self._paragraph, self._paragraph_lines = line, self._paragraph_lines + 1

    def _in_front_matter(self, line: str) -> bool:
        if self._front_matter is None:
            self._front_matter = line.rstrip() == "---"
            return self._front_matter
        if self._front_matter and line.rstrip() in {"---", "..."}:
            self._front_matter = False
            return True
        return self._front_matter

    def _in_fence(self, line: str) -> bool:
        match = _FENCE.match(line)
        if self._fence is None:
            if match is None or (match[1][0] == "`" and "`" in match[2]):
                return False
            self._fence = match[1]
        elif match and match[1].startswith(self._fence) and not match[2].strip():
            self._fence = None
        return True
