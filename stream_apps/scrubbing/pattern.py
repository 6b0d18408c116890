r"""What one entry of the registry is, and the borders its regular expressions share.

Two rules keep them right and quick:

* Borders are spelt out in ASCII and never `\b`: Hangul counts as a word character, so `\b` does not see the
  end of the number in `010-1234-5678로`.
* The character set comes first and the look-behind after it (`[0-9](?<![0-9A-Za-z].)`): `re` can then skip
  ahead by the set, which is several times faster than trying the look-behind at every position.

Repetition is bounded everywhere, so that the time is linear in the text whatever the text is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from muniment.stream_apps.scrubbing.kinds import Kind

Span = tuple[int, int]
Check = Callable[[re.Match[str]], Span | None]
"""Looks at a candidate and answers the span to replace, or None for a false alarm."""

DIGIT_FIRST = r"[0-9](?<![0-9A-Za-z_][0-9])(?<![0-9A-Za-z][.\-][0-9])"
"""A digit that begins a number: not inside a word, nor behind the dot or dash of a longer number."""
NUMBER_END = r"(?![0-9A-Za-z_]|[.\-][0-9])"
"""The end of such a number."""
END = r"(?![0-9A-Za-z])"


def whole(match: re.Match[str]) -> Span | None:
    """Take the group `v` where there is one, else the whole candidate."""
    return match.span("v") if "v" in match.re.groupindex else match.span()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way in which a kind shows itself.

    `needs`: a text that contains none of these (compared in lower case) is skipped without running `regex`.
    """

    kind: Kind
    regex: re.Pattern[str]
    check: Check = whole
    needs: tuple[str, ...] = ()

    def spans(self, text: str, lowered: str) -> list[tuple[int, int, Kind]]:
        """Every finding in `text`; `lowered` is the same text in lower case, made once for all patterns."""
        if self.needs and not any(word in lowered for word in self.needs):
            return []
        found = []
        for match in self.regex.finditer(text):
            span = self.check(match)
            if span is not None:
                found.append((*span, self.kind))
        return found
