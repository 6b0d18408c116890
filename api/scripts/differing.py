"""What differs between two texts, pure: by lines, and within changed lines by words.

The work is bounded (`matching`): of a stretch for which it would be too much, all is shown as removed and added.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from muniment.api.scripts.matching import EQUAL, UNMATCHED, Code, Steps, opcodes

Op = Literal["same", "removed", "added"]
CONTEXT = 3
"""Lines shown around a change."""
WORDS_MOST = 4000
"""Words on each side up to which a change is shown by words."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is the same, or only in the old one, or only in the new one."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines that stand close to one another, with those around them.

    Attributes:
        old_start: Number of the first line in the old text, from 1 (0 when it has none there).
        old_lines: How many lines of the old text it spans.
        lines: The lines in order, each with its line break where it has one.
        words: The same by words.
        unmatched: Some of it is shown as replaced as a whole: to look for what is the same in it took too long.

    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    lines: tuple[Piece, ...]
    words: tuple[Piece, ...]
    unmatched: bool = False


def lines_of(text: str) -> list[str]:
    """The lines of a text with their line breaks; joined they are the text."""
    return _LINE.findall(text)


def words_of(text: str) -> list[str]:
    """Words, runs of blanks, and everything else by the character; joined they are the text."""
    return _WORD.findall(text)


def hunks(old: str, new: str, context: int = CONTEXT) -> list[Hunk]:
    """The changes that lead from one text to the other; none when they are equal."""
    before, after, steps = lines_of(old), lines_of(new), Steps()
    return [_hunk(group, before, after, steps) for group in _grouped(opcodes(before, after, steps), context)]


def unified(old: str, new: str, old_name: str, new_name: str) -> str:
    """The changes as a unified diff, which `patch` applies; empty when there are none."""
    found = hunks(old, new)
    if not found:
        return ""
    out = [f"--- {old_name}\n", f"+++ {new_name}\n"]
    for one in found:
        out.append(f"@@ -{_span(one.old_start, one.old_lines)} +{_span(one.new_start, one.new_lines)} @@\n")
        for piece in one.lines:
            line = {"same": " ", "removed": "-", "added": "+"}[piece.op] + piece.text
            out.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)


def _grouped(codes: Sequence[Code], context: int) -> Iterator[list[Code]]:
    """Changes with the lines around them; those that are closer than that stand in one group."""
    group: list[Code] = []
    for op, i1, i2, j1, j2 in codes:
        if op != EQUAL:
            group.append((op, i1, i2, j1, j2))
            continue
        if not group:
            group = [(EQUAL, max(i1, i2 - context), i2, max(j1, j2 - context), j2)]
        elif i2 - i1 > 2 * context:
            yield [*group, (EQUAL, i1, i1 + context, j1, j1 + context)]
            group = [(EQUAL, i2 - context, i2, j2 - context, j2)]
        else:
            group.append((op, i1, i2, j1, j2))
    if any(op != EQUAL for op, *_ in group):
        op, i1, i2, j1, j2 = group[-1]
        if op == EQUAL:
            group[-1] = (op, i1, min(i2, i1 + context), j1, min(j2, j1 + context))
        yield group


def _hunk(group: Sequence[Code], before: Sequence[str], after: Sequence[str], steps: Steps) -> Hunk:
    lines, words = list[Piece](), list[Piece]()
    for op, i1, i2, j1, j2 in group:
        if op == EQUAL:
            same = [Piece("same", line) for line in before[i1:i2]]
            lines += same
            words += same
            continue
        lines += [Piece("removed", line) for line in before[i1:i2]]
        lines += [Piece("added", line) for line in after[j1:j2]]
        words += _by_words("".join(before[i1:i2]), "".join(after[j1:j2]), steps)
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    spans = _first(i1, i2), i2 - i1, _first(j1, j2), j2 - j1
    return Hunk(*spans, tuple(lines), tuple(words), any(op == UNMATCHED for op, *_ in group))


def _by_words(old: str, new: str, steps: Steps) -> list[Piece]:
    before, after = words_of(old), words_of(new)
    if max(len(before), len(after)) > WORDS_MOST:
        return [Piece("removed", old)] * bool(old) + [Piece("added", new)] * bool(new)
    found = list[Piece]()
    for op, i1, i2, j1, j2 in opcodes(before, after, steps):
        if op == EQUAL:
            found.append(Piece("same", "".join(before[i1:i2])))
            continue
        found += [Piece("removed", "".join(before[i1:i2]))] * (i2 > i1)
        found += [Piece("added", "".join(after[j1:j2]))] * (j2 > j1)
    return found


def _first(start: int, end: int) -> int:
    return start + 1 if end > start else start


def _span(start: int, lines: int) -> str:
    return str(start) if lines == 1 else f"{start},{lines}"
