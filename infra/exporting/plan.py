"""What an export will read: for every partition the offsets, fixed when it begins, and cut into units. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from muniment.infra.exporting.selection import BadRange, Range

UNIT = 20_000
"""Offsets of a unit: what is done again after an interruption, and what one file holds at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a partition's log reaches: its first offset, the one after its last, and the same for a time span.

    `since` is the first offset of the span, `until` the first after it; `until` is `None` where the log has not got
    that far, and both are `None` without a span.
    """

    begins: int
    ends: int
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets `first` up to, but not including, `end` of a partition.

    Attributes:
        topic: Name of the topic.
        partition: Number of the partition.
        first: First offset to be read.
        end: The one after the last.
        cut: Offsets that were asked for and had been removed from the log before.
        closed: Whether nothing can be added: the end was given, and the log has passed it.

    """

    topic: str
    partition: int
    first: int
    end: int
    cut: int
    closed: bool

    def units(self, size: int = UNIT) -> Iterator["Span"]:
        """The pieces in which it is read."""
        for begin in range(self.first, self.end, size):
            yield Span(self.topic, self.partition, begin, min(begin + size, self.end), 0, closed=True)

    @property
    def name(self) -> str:
        """As files and units are called."""
        return f"{self.partition:04d}-{self.first:012d}-{self.end - 1:012d}"

    @property
    def name_in_log(self) -> str:
        """As nothing else in the plan is called."""
        return f"{self.topic}:{self.partition}:{self.first}"

    def as_json(self) -> dict[str, Any]:
        """As the plan holds it."""
        return asdict(self)


Partition = tuple[str, int]


def spans(asked: Sequence[Range], bounds: Mapping[Partition, Bounds], *, until_given: bool) -> tuple[Span, ...]:
    """The offsets that are meant, by what the log holds. `until_given`: whether a moment was named for the end.

    Raises:
        BadRange: a partition that there is not, offsets that the log has not got to yet.

    """
    found = []
    for one in asked:
        places = [place for place in sorted(bounds) if place[0] == one.topic and one.partition in (None, place[1])]
        if one.partition is not None and not places:
            raise BadRange(f"{one.topic} has no partition {one.partition}")
        found += [_span(one, place, bounds[place], until_given=until_given) for place in places]
    return tuple(found)


def _span(one: Range, place: Partition, log: Bounds, *, until_given: bool) -> Span:
    topic, partition = place
    if one.last is not None and one.last >= log.ends:
        there = f"ends at {log.ends - 1}" if log.ends else "is empty"
        raise BadRange(f"{topic}:{partition} {there}: there is no {one.last} yet")
    # Where the time begins with the first record that is left, nobody knows how many of those before it lay in it.
    since = 0 if log.since is not None and log.since <= log.begins else log.since or 0
    wanted = max(one.first or 0, since)
    end = log.ends if one.last is None else one.last + 1
    if log.until is not None:
        end = min(end, log.until)
    first = max(wanted, log.begins)
    closed = one.last is not None or (until_given and log.until is not None)
    cut = max(min(log.begins, end) - wanted, 0)
    return Span(topic, partition, first, max(end, first), cut, closed=closed)
