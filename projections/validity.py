"""When a row was true: from the record that said so to the record that said otherwise, pure.

Records of several topics have no order among each other but their times, and within a partition the order of the log.
A *moment* is both: the time of a record and its place, which decides between records of the same millisecond. What
was true at a moment is the fold of the records up to it, whatever order they were read in. So a record that is read
late goes to where it belongs, and a rebuild leads to the same ranges.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_TIERS

S = TypeVar("S")
_LAST = "~"
"""Sorts after every place."""
_COPIES = frozenset(topic.name for topic in (DLQ, *RETRY_TIERS, *REDELIVERY.values()))
"""Where records lie that were written elsewhere before, with the headers that they had there."""


class Moment(NamedTuple):
    """A point in the one order of all records.

    Attributes:
        at: When the event was recorded, as it says itself; for a bare record, when it was written.
        place: Where it lies, written so that places sort as text: `topic:00003:0000000000000000042`.

    """

    at: datetime
    place: str

    @classmethod
    def of(cls, record: Record, at: datetime) -> "Moment":
        """The moment of a record that was recorded at `at`."""
        return cls(at, f"{record.topic}:{record.partition or 0:05}:{record.offset or 0:019}")

    @classmethod
    def of_record(cls, record: Record) -> "Moment":
        """The moment of a record by its headers alone: by the time that it gives itself, which is part of the proofs.

        A copy in the dead letters or on its way through a retry counts from when it was written.

        Raises:
            ValueError: for a record that gives itself a time that is none.

        """
        given = record.header("ce_time")
        if given and record.topic not in _COPIES:
            return cls.of(record, datetime.fromisoformat(given).astimezone(UTC))
        return cls.of(record, datetime.fromtimestamp((record.timestamp_ms or 0) / 1000, UTC))

    @classmethod
    def end_of(cls, at: datetime) -> "Moment":
        """After everything that was recorded at this time."""
        return cls(at, _LAST)

    def not_before(self, at: datetime | None) -> "Moment":
        """The same place no earlier than `at`: the clocks of two machines must not turn a partition's order around."""
        return self if at is None or self.at >= at else Moment(at, self.place)


def inserted(
    timeline: Sequence[tuple[Moment, S]], blank: S, moment: Moment, change: Callable[[S], S]
) -> list[tuple[Moment, S]]:
    """The timeline with what a record that was read late says at its moment, and in all that follows.

    A timeline is states in order, each with the moment that it was true from, none equal to the one before; before
    the first is `blank`. The folds allow this because they end the same in any order of topics.
    """
    before = [entry for entry in timeline if entry[0] < moment]
    state = before[-1][1] if before else blank
    after = [(at, change(then)) for at, then in timeline[len(before) :]]
    if not after or after[0][0] != moment:
        # Otherwise another fact of the same record was here already.
        after.insert(0, (moment, change(state)))
    return [*before, *_distinct(state, after)]


def _distinct(state: S, entries: Sequence[tuple[Moment, S]]) -> Iterator[tuple[Moment, S]]:
    for moment, following in entries:
        if following != state:
            yield moment, following
        state = following
