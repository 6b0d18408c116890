"""Where in a text the words of a query stand, pure: `(start, end)` in characters, merged, in order."""

import re
from collections.abc import Sequence

from muniment.projections.chunks.hangul import RUN, pairs

_LETTER = r"[^\W_]"
_SHORTEST = 2


class Highlighter:
    """Finds the words of one query, made once for all its hits.

    `lexemes` are its words as the `english` dictionary stems them, `asked` is its text.
    """

    def __init__(self, lexemes: Sequence[str], asked: str) -> None:
        forms = [form for lexeme in lexemes for form in _forms(lexeme)]
        self._words = re.compile(f"(?<!{_LETTER})(?:{'|'.join(forms)})", re.IGNORECASE) if forms else None
        self._pairs = frozenset(pairs(asked))
        alone = [re.escape(pair) for pair in sorted(self._pairs) if len(pair) == 1]
        self._alone = re.compile("|".join(alone)) if alone else None

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """The places in `text`."""
        found = [m.span() for m in self._words.finditer(text)] if self._words else []
        if self._pairs:
            for run in RUN.finditer(text):
                for i, pair in enumerate(pairs(run.group())):
                    if pair in self._pairs:
                        found.append((run.start() + i, run.start() + i + len(pair)))
        if self._alone:
            found += [m.span() for m in self._alone.finditer(text)]
        return merged(found)


def _forms(lexeme: str) -> list[str]:
    # Without the dictionary at hand: a stem is where its word begins, but for a y that became an i.
    stem = re.escape(lexeme)
    if len(lexeme) < _SHORTEST:
        return [f"{stem}(?!{_LETTER})"]
    forms = [f"{stem}{_LETTER}*"]
    return [*forms, f"{re.escape(lexeme[:-1])}y(?!{_LETTER})"] if lexeme.endswith("i") else forms


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same characters as the fewest spans, in order."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
