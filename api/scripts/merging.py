"""Three-way merging, pure: what two people made of the same text, put together.

The algorithm is diff3 (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007): what stands in all three
texts holds them together; between, whatever only one side changed is taken over, and what both changed differently is
a conflict. Nobody's words are dropped: a conflict carries all three readings.

What is too much work to be matched (`matching`) is a conflict as a whole, unless only one side changed it.

The one kept library for it, merge3, is under the GPL, which this program could not be passed on with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from muniment.api.scripts.differing import lines_of, words_of
from muniment.api.scripts.matching import EQUAL, Steps, opcodes

Kind = Literal["same", "theirs", "yours", "both", "conflict"]
Granularity = Literal["line", "word"]
WORDS_MOST = 4000
"""Words in a conflict up to which it is looked at by words."""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the three texts.

    `kind` says whose reading is taken: nobody changed it (`same`), one side did, both made the same of it (`both`), or
    both made something else of it (`conflict`).
    """

    kind: Kind
    base: str
    theirs: str
    yours: str

    @property
    def text(self) -> str | None:
        """What is taken; `None` for a conflict."""
        if self.kind == "conflict":
            return None
        return self.yours if self.kind == "yours" else self.theirs


def merge(base: str, theirs: str, yours: str, granularity: Granularity = "word") -> list[Region]:
    """The regions of three texts, in order: each side's readings joined are that side's text.

    By lines first. With `word`, what is a conflict by lines is looked at once more by words: two people who changed
    different words of one paragraph do not contradict each other.
    """
    steps = Steps()
    found = list(_regions(lines_of(base), lines_of(theirs), lines_of(yours), steps))
    if granularity == "word":
        found = [finer for region in found for finer in _finer(region, steps)]
    return _joined(found)


def merged(regions: Sequence[Region]) -> str | None:
    """The text that comes of it; `None` as long as there is a conflict."""
    texts = [region.text for region in regions]
    return None if any(text is None for text in texts) else "".join(text or "" for text in texts)


def _finer(region: Region, steps: Steps) -> list[Region]:
    sides = [words_of(text) for text in (region.base, region.theirs, region.yours)]
    if region.kind != "conflict" or not all(sides) or max(map(len, sides)) > WORDS_MOST:
        return [region]
    base, theirs, yours = sides
    return list(_regions(base, theirs, yours, steps))


def _regions(base: Sequence[str], theirs: Sequence[str], yours: Sequence[str], steps: Steps) -> Iterator[Region]:
    b = t = y = 0
    ends = (len(base), len(base), len(theirs), len(yours))
    for start, end, in_theirs, in_yours in [*_agreed(base, theirs, yours, steps), ends]:
        yield from _between(base[b:start], theirs[t:in_theirs], yours[y:in_yours])
        same = "".join(base[start:end])
        if same:
            yield Region("same", same, same, same)
        b, t, y = end, in_theirs + end - start, in_yours + end - start


def _agreed(
    base: Sequence[str], theirs: Sequence[str], yours: Sequence[str], steps: Steps
) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of the base that both sides left as they were: begin and end there, begin in theirs and in yours."""
    mine, other = _equal(base, theirs, steps), _equal(base, yours, steps)
    i = j = 0
    while i < len(mine) and j < len(other):
        start, end = max(mine[i][0], other[j][0]), min(mine[i][1], other[j][1])
        if start < end:
            yield start, end, mine[i][2] + start - mine[i][0], other[j][2] + start - other[j][0]
        if mine[i][1] < other[j][1]:
            i += 1
        else:
            j += 1


def _equal(base: Sequence[str], side: Sequence[str], steps: Steps) -> list[tuple[int, int, int]]:
    return [(i1, i2, j1) for op, i1, i2, j1, _ in opcodes(base, side, steps) if op == EQUAL]


def _between(base: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> Iterator[Region]:
    if not (base or theirs or yours):
        return
    kind: Kind = "conflict"
    if list(theirs) == list(yours):
        kind = "both"
    elif list(yours) == list(base):
        kind = "theirs"
    elif list(theirs) == list(base):
        kind = "yours"
    yield Region(kind, "".join(base), "".join(theirs), "".join(yours))


def _joined(regions: Sequence[Region]) -> list[Region]:
    """Neighbours of one kind as one."""
    out = []
    for kind, group in groupby(regions, key=lambda region: region.kind):
        many = list(group)
        out.append(Region(kind, *("".join(getattr(r, side) for r in many) for side in ("base", "theirs", "yours"))))
    return out
