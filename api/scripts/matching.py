"""Which parts of two sequences are the same, pure, and with a bound on the work.

`difflib` finds them (Ratcliff and Obershelp's matching, as improved there), after what is equal at both ends was set
aside. It holds every line against all equal ones: where few different lines stand in their thousands, that is the
square of their number. So its steps are counted, over all that one request compares: where they would be too many at
once, what stands just once on either side holds the two together (patience diff), and only what lies between is
matched; where they are used up, a stretch is not looked into and says so (`UNMATCHED`).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate

STEPS_MOST = 5_000_000
"""Steps of one request, about a second of a processor: each line looked at, each pair of equal ones held together."""
EQUAL, UNMATCHED = "equal", "unmatched"
Code = tuple[str, int, int, int, int]
"""As of `SequenceMatcher.get_opcodes`: what to do with `a[i1:i2]` to come to `b[j1:j2]`.

`unmatched` is `replace` without having looked for what is the same in it.
"""
Stretch = tuple[int, int, int, int]
"""Where a stretch begins and ends in the old sequence, and in the new one."""
_AT_ONCE = 8
"""The share of what is left that a first look may take: the looks after it are parts of it, and may be many."""


class Steps:
    """How much work a request may still take."""

    def __init__(self, most: int = STEPS_MOST) -> None:
        self.left = most

    def take(self, steps: int) -> bool:
        """Take so many, unless fewer are left."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


class _Matcher(SequenceMatcher[str]):
    """Finds no match where the steps to find one are used up; `given_up` are the beginnings of those stretches."""

    b2j: dict[str, list[int]]

    def __init__(self, old: Sequence[str], new: Sequence[str], steps: Steps) -> None:
        super().__init__(None, old, new)
        self._steps = steps
        self._ends = len(old), len(new)
        self._pairs = [0, *accumulate(1 + len(self.b2j.get(one, ())) for one in old)]
        self.given_up: set[tuple[int, int]] = set()

    @property
    def cost(self) -> int:
        """Steps of the first look, which every other one is a part of."""
        return self._pairs[-1]

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """See `SequenceMatcher.find_longest_match`."""
        ahi, bhi = self._ends[0] if ahi is None else ahi, self._ends[1] if bhi is None else bhi
        if self._steps.take(self._pairs[ahi] - self._pairs[alo]):
            return super().find_longest_match(alo, ahi, blo, bhi)
        self.given_up.add((alo, blo))
        return Match(alo, blo, 0)

    def codes(self, i: int, j: int) -> Iterator[Code]:
        """The codes, with places counted from `i` and `j`."""
        for op, i1, i2, j1, j2 in self.get_opcodes():
            unmatched = op == "replace" and (i1, j1) in self.given_up
            yield UNMATCHED if unmatched else op, i1 + i, i2 + i, j1 + j, j2 + j


def opcodes(old: Sequence[str], new: Sequence[str], steps: Steps | None = None) -> list[Code]:
    """How to come from one sequence to the other; adjoining codes are of different kinds."""
    found: list[Code] = []
    ends = 0, len(old), 0, len(new)
    for code in _codes(old, new, ends, Steps() if steps is None else steps):
        op, i1, i2, j1, j2 = code
        if i1 == i2 and j1 == j2:
            continue
        if found and found[-1][0] == op:
            found[-1] = (op, found[-1][1], i2, found[-1][3], j2)
        else:
            found.append(code)
    return found


def _codes(
    old: Sequence[str], new: Sequence[str], ends: Stretch, steps: Steps, *, anchored: bool = False
) -> Iterator[Code]:
    i1, i2, j1, j2 = _inner(old, new, ends)
    yield EQUAL, ends[0], i1, ends[2], j1
    matcher = _Matcher(old[i1:i2], new[j1:j2], steps)
    anchors = [] if anchored or matcher.cost <= steps.left // _AT_ONCE else _anchors(old[i1:i2], new[j1:j2])
    if anchors:
        i, j = i1, j1
        for to_i, to_j in [*((i1 + a, j1 + b) for a, b in anchors), (i2, j2)]:
            yield from _codes(old, new, (i, to_i, j, to_j), steps, anchored=True)
            i, j = to_i, to_j
    else:
        yield from matcher.codes(i1, j1)
    yield EQUAL, i2, ends[1], j2, ends[3]


def _inner(old: Sequence[str], new: Sequence[str], ends: Stretch) -> Stretch:
    """A stretch of both without what is equal at its ends."""
    i1, i2, j1, j2 = ends
    while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
        i1, j1 = i1 + 1, j1 + 1
    while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
        i2, j2 = i2 - 1, j2 - 1
    return i1, i2, j1, j2


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The places of what stands once on either side: as many as stand in the same order on both."""
    one, other = Counter(old), Counter(new)
    places = {line: j for j, line in enumerate(new) if other[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(old) if one[line] == 1 and line in places]
    # The longest run of growing places: for each length the run that ends lowest, and what stands before its end.
    lowest, ends, before = list[int](), list[int](), list[int]()
    for index, (_, j) in enumerate(pairs):
        length = bisect_left(lowest, j)
        before.append(ends[length - 1] if length else -1)
        # Past the end it is another length, else a lower end of this one.
        lowest[length : length + 1], ends[length : length + 1] = [j], [index]
    found, index = list[tuple[int, int]](), ends[-1] if ends else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]
