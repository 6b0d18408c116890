"""Two texts beside each other, and three put together, as a page shows them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Literal

from muniment.api.script_reads.answers import Region
from muniment.api.scripts.differing import Hunk, Piece, hunks, words_of
from muniment.api.scripts.matching import EQUAL, Steps, opcodes

Side = Literal["theirs", "yours", "both"]
WORDS_MOST = 2000
"""Words of a line up to which what changed in it is shown by words."""
_LEAST_ALIKE = 0.3
"""Share of a line that has to have stayed for its changes to be shown by words: else nothing of it is the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of either text, or of both: what stands left and right, with its number there (none: nothing does)."""

    kind: Literal["same", "changed", "removed", "added"]
    old_number: int | None
    old: tuple[Piece, ...]
    new_number: int | None
    new: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs: groups of rows with what is around them, and how many lines went and came.

    `unmatched`: some lines stand beside each other unmatched, since to find what is the same took too long.
    """

    groups: tuple[tuple[Row, ...], ...]
    removed: int
    added: int
    unmatched: bool = False


def compared(old: str, new: str) -> Comparison:
    """The changes from one text to another."""
    found, steps = hunks(old, new), Steps()
    groups = tuple(tuple(_rows(hunk, steps)) for hunk in found)
    flat = [row for group in groups for row in group]
    removed = sum(row.kind in {"removed", "changed"} for row in flat)
    added = sum(row.kind in {"added", "changed"} for row in flat)
    return Comparison(groups, removed, added, any(hunk.unmatched for hunk in found))


def chosen(regions: Sequence[Region], choices: Mapping[int, str]) -> str | None:
    """The merged text; `choices` say by the index of a conflict whose reading is taken. `None`: one is left open."""
    out = list[str]()
    for index, region in enumerate(regions):
        text = _taken(region, choices.get(index, "") if region.kind == "conflict" else region.kind)
        if text is None:
            return None
        out.append(text)
    return "".join(out)


def _taken(region: Region, side: str) -> str | None:
    match side:
        case "same" | "theirs":
            return region.theirs
        case "yours":
            return region.yours
        case "both" if region.kind == "conflict":
            between = "" if not region.theirs or region.theirs[-1].isspace() else " "
            return region.theirs + between + region.yours
        case "both":
            return region.theirs
        case _:
            return None


def _rows(hunk: Hunk, steps: Steps) -> Iterator[Row]:
    old, new = hunk.old_start, hunk.new_start
    for same, run in groupby(hunk.lines, key=lambda piece: piece.op == "same"):
        pieces = list(run)
        if same:
            for piece in pieces:
                yield Row("same", old, (_bare(piece),), new, (_bare(piece),))
                old, new = old + 1, new + 1
            continue
        removed = [_bare(piece) for piece in pieces if piece.op == "removed"]
        added = [_bare(piece) for piece in pieces if piece.op == "added"]
        for left, right in zip_longest(removed, added):
            yield _row(left, right, old, new, steps)
            old, new = old + (left is not None), new + (right is not None)


def _row(left: Piece | None, right: Piece | None, old: int, new: int, steps: Steps) -> Row:
    if left is None:
        assert right is not None
        return Row("added", None, (), new, (right,))
    if right is None:
        return Row("removed", old, (left,), None, ())
    by_words = _words(left.text, right.text, steps)
    return Row(
        "changed",
        old,
        tuple(piece for piece in by_words if piece.op != "added"),
        new,
        tuple(piece for piece in by_words if piece.op != "removed"),
    )


def _words(old: str, new: str, steps: Steps) -> list[Piece]:
    before, after = words_of(old), words_of(new)
    whole = [Piece("removed", old), Piece("added", new)]
    if max(len(before), len(after)) > WORDS_MOST:
        return whole
    codes = opcodes(before, after, steps)
    stayed = sum(len("".join(before[i1:i2])) for op, i1, i2, _, _ in codes if op == EQUAL)
    if stayed < _LEAST_ALIKE * max(len(old), len(new)):
        return whole
    found = list[Piece]()
    for op, i1, i2, j1, j2 in codes:
        if op == EQUAL:
            found.append(Piece("same", "".join(before[i1:i2])))
            continue
        found += [Piece("removed", "".join(before[i1:i2]))] * (i2 > i1)
        found += [Piece("added", "".join(after[j1:j2]))] * (j2 > j1)
    return found


def _bare(piece: Piece) -> Piece:
    return Piece(piece.op, piece.text.removesuffix("\n"))
