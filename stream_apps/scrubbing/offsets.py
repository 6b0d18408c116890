"""From a place in the scrubbed text back to the place in the original, exactly."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: `length` characters at `start` of the scrubbed text, for `original_length` of the original."""

    start: int
    length: int
    original_length: int

    @property
    def end(self) -> int:
        """Where the replacement ends in the scrubbed text."""
        return self.start + self.length


class Offsets:
    """The mapping of one scrubbed text; `edits` are in order and do not overlap. O(log edits) a question."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._starts = [edit.start for edit in edits]
        self._shifts = [0, *accumulate(edit.original_length - edit.length for edit in edits)]

    def to_original(self, position: int, *, end: bool = False) -> int:
        """Map a position; inside a replacement, to where the replaced original starts (or ends, with `end`).

        Unedited characters map to themselves. `end` says that the position closes a span.
        """
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position
        edit = self._edits[index]
        if position >= edit.end:
            return position + self._shifts[index + 1]
        start = edit.start + self._shifts[index]
        return start + edit.original_length if end and position > edit.start else start


def to_original(position: int, edits: Sequence[Edit], *, end: bool = False) -> int:
    """Map one position of a scrubbed text to the original: see `Offsets.to_original`."""
    return Offsets(edits).to_original(position, end=end)
