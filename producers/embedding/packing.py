"""Packs the texts of several callers into calls. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Slice:
    """The texts `start` to `stop` of one caller."""

    caller: int
    start: int
    stop: int


def pack(sizes: Iterable[int], most: int) -> Iterator[tuple[Slice, ...]]:
    """Calls of at most `most` texts, in order of arrival, each but the last one full.

    `sizes` are the numbers of texts of the callers. Lazy: asking for the first call looks no further than needed.
    """
    if most < 1:
        raise ValueError("a call needs room for at least one text")
    call: list[Slice] = []
    room = most
    for caller, size in enumerate(sizes):
        start = 0
        while start < size:
            stop = min(size, start + room)
            call.append(Slice(caller, start, stop))
            room -= stop - start
            start = stop
            if room == 0:
                yield tuple(call)
                call, room = [], most
    if call:
        yield tuple(call)
