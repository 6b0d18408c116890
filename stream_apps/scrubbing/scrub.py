"""Replace personal data in a text by its kind in brackets, and remember where."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from muniment.stream_apps.scrubbing.kinds import ALL, Kind
from muniment.stream_apps.scrubbing.offsets import Edit, Offsets
from muniment.stream_apps.scrubbing.patterns import PATTERNS

Finding = tuple[int, int, Kind]
"""Start and end in the text that was searched, and what stands there."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without the personal data that was found.

    `edits` are in order; `found` counts by kind and is all that may be logged.
    """

    text: str
    edits: tuple[Edit, ...]
    found: Mapping[str, int]


def scrub(text: str, kinds: frozenset[Kind] = ALL) -> Scrubbed:
    """Replace every finding by `[kind]`; of overlapping findings the leftmost, then the longest, holds.

    Pure, and linear in the text. Scrubbing the result again changes nothing.
    """
    findings = _leftmost_longest(_search(text, kinds))
    scrubbed, edits = _replace(text, findings)
    while findings:
        # A replacement has borders of its own beside which more may show itself; the search is repeated there only.
        more = _search_near(scrubbed, edits, kinds)
        if not more:
            break
        findings = _united(findings, more, Offsets(edits))
        scrubbed, edits = _replace(text, findings)
    return Scrubbed(scrubbed, tuple(edits), dict(Counter(kind.value for _, _, kind in findings)))


def _search(text: str, kinds: frozenset[Kind]) -> list[Finding]:
    lowered = text.lower()
    return [span for pattern in PATTERNS if pattern.kind in kinds for span in pattern.spans(text, lowered)]


def _search_near(text: str, edits: list[Edit], kinds: frozenset[Kind]) -> list[Finding]:
    """Search the paragraphs that hold an edit: no finding that an edit can bring about reaches beyond its own."""
    found: list[Finding] = []
    done = 0
    for edit in edits:
        if edit.start < done:
            continue
        start = max(text.rfind("\n\n", 0, edit.start), 0)
        end = text.find("\n\n", edit.end)
        done = len(text) if end < 0 else end + 2
        found.extend((start + s, start + e, kind) for s, e, kind in _search(text[start:done], kinds))
    return _leftmost_longest(found)


def _leftmost_longest(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    # Stable: between equals the order of the registry decides.
    for finding in sorted(findings, key=lambda f: (f[0], -f[1])):
        if not kept or finding[0] >= kept[-1][1]:
            kept.append(finding)
    return kept


def _united(before: list[Finding], more: list[Finding], offsets: Offsets) -> list[Finding]:
    """Both, in the original's positions; what touches a new finding goes into it."""
    new = [(offsets.to_original(s), offsets.to_original(e, end=True), kind) for s, e, kind in more]
    return _leftmost_longest([*new, *(f for f in before if not any(s < f[1] and f[0] < e for s, e, _ in new))])


def _replace(text: str, findings: list[Finding]) -> tuple[str, list[Edit]]:
    parts: list[str] = []
    edits: list[Edit] = []
    done = length = 0
    for start, end, kind in findings:
        token = f"[{kind.value}]"
        parts += (text[done:start], token)
        length += start - done
        edits.append(Edit(length, len(token), end - start))
        length += len(token)
        done = end
    parts.append(text[done:])
    return "".join(parts), edits
