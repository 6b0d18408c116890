"""The moments at which a thing changed, as the stops of a slider. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from muniment.projections.history.queries import Change, Happened
from muniment.projections.validity import Moment
from muniment.schemas.record import Position


@dataclass(frozen=True, slots=True)
class Stop:
    """After one event: what everything looked like then.

    Attributes:
        number: From 0, in the order of the log.
        moment: What the reads of that time are asked for.
        event: What had just happened.
        changes: What it changed.

    """

    number: int
    moment: Moment
    event: str
    changes: tuple[Change, ...] = ()

    @property
    def place(self) -> str:
        """Where the event lies, as `topic:partition:offset`."""
        return str(Position.parse(self.moment.place))

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return self.moment.at


def stops(happened: Iterable[Happened], *, every: bool = False) -> list[Stop]:
    """One stop an event that changed anything readers see; all of them where none did, or with `every`.

    That is for histories that do not tell all that their events changed: those of projects, episodes and drafts.
    """
    rows = list(happened)
    telling = rows if every else [row for row in rows if row.changes] or rows
    return [
        Stop(number, Moment(row.entry.at, row.entry.place), row.entry.event, row.changes)
        for number, row in enumerate(telling)
    ]


def places(happened: Iterable[Happened], stop: Stop) -> list[Position]:
    """Where all of it lies that had happened by a stop, whether or not it was one: of each partition the furthest."""
    entries = [row.entry for row in happened if Moment(row.entry.at, row.entry.place) <= stop.moment]
    furthest: dict[tuple[str, int], int] = {}
    for entry in entries:
        lies = entry.topic, entry.partition
        furthest[lies] = max(entry.offset, furthest.get(lies, 0))
    return [Position(*lies, offset) for lies, offset in furthest.items()]


def chosen(found: Sequence[Stop], number: int | None) -> Stop | None:
    """The stop of this number, the nearest there is for one out of bounds, the last for none; `None` without stops."""
    if not found:
        return None
    return found[-1] if number is None else found[min(max(0, number), len(found) - 1)]
