"""A draft's text as a page shows it: headings, lists, paragraphs, and each citation as a mark that leads on. Pure.

Of Markdown only what scripts are written in is read: headings, list items, rules and bold words (CommonMark 0.31).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol
from uuid import UUID

from muniment.producers.writing.sentences import MARK

Kind = Literal["heading", "item", "paragraph", "rule"]
Doubt = Literal["", "fails", "nowhere", "unchecked"]
"""What is wrong with a citation: its passage does not say so, its number names none, nobody has looked yet."""
_MARK = re.compile(MARK)
_NUMBER = re.compile(r"\d+")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.*)$")
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")


class Cited(Protocol):
    """What has to be known of a citation to show its mark."""

    @property
    def number(self) -> int:
        """The mark."""
        ...

    @property
    def document_id(self) -> UUID | None:
        """The document; none where the mark leads to no passage."""
        ...

    @property
    def holds(self) -> bool | None:
        """Whether the passage bears it out; none: nobody has looked."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """Words."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation in the text; `place` is which of the draft's citations it is, none for one that is not among them."""

    number: int
    place: int | None
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Block:
    """A line of the text. `level` is that of a heading, as a page can have it: none skips one (WCAG 2.2, 1.3.1)."""

    kind: Kind
    parts: tuple[Run | Mark, ...] = ()
    level: int = 0


def blocks(text: str, citations: Sequence[Cited]) -> list[Block]:
    """The text in order, line by line; lines without anything are left out.

    Each mark is the next citation of its number that no mark before it was: citations stand in the order of the text.
    """
    waiting = list(enumerate(citations))

    def mark(number: int) -> Mark:
        found = next(((place, one) for place, one in waiting if one.number == number), None)
        if found is None:
            return Mark(number, None, "unchecked")
        waiting.remove(found)
        return Mark(number, found[0], doubt_of(found[1]))

    def runs(line: str) -> tuple[Run | Mark, ...]:
        return tuple(_runs(line, mark))

    out, above = list[Block](), list[int]()
    for line in text.splitlines():
        if not line.strip():
            continue
        if _RULE.match(line):
            out.append(Block("rule"))
        elif found := _HEADING.match(line):
            above = [*(level for level in above if level < len(found[1])), len(found[1])]
            out.append(Block("heading", runs(found[2]), len(above)))
        elif found := _ITEM.match(line):
            out.append(Block("item", runs(found[1])))
        else:
            out.append(Block("paragraph", runs(line)))
    return out


def doubt_of(one: Cited) -> Doubt:
    """What is wrong with a citation; empty where nothing is."""
    if one.document_id is None:
        return "nowhere"
    if one.holds is None:
        return "unchecked"
    return "" if one.holds else "fails"


def doubted(citations: Sequence[Cited]) -> list[int]:
    """Which of the citations do not hold, by their places."""
    return [place for place, one in enumerate(citations) if doubt_of(one) in {"fails", "nowhere"}]


def _runs(line: str, mark: Callable[[int], Mark]) -> Iterator[Run | Mark]:
    at = 0
    for bold in _BOLD.finditer(line):
        yield from _plain(line[at : bold.start()], mark)
        yield from (replace(p, bold=True) if isinstance(p, Run) else p for p in _plain(bold[1], mark))
        at = bold.end()
    yield from _plain(line[at:], mark)


def _plain(text: str, mark: Callable[[int], Mark]) -> Iterator[Run | Mark]:
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            yield Run(text[at : found.start()])
        for number in _NUMBER.findall(found[1]):
            yield mark(int(number))
        at = found.end()
    if at < len(text):
        yield Run(text[at:])
