"""What ended over time, as series: what a table says, and a drawing of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from muniment.projections.jobs.figures import Ended

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Range:
    """How far back a chart goes, and how long each of its spans is."""

    back: timedelta
    span: timedelta

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until before when: whole spans, the last one still under way."""
        until = _EPOCH + self.span * (int((now - _EPOCH) / self.span) + 1)
        return until - self.back, until


RANGES: Mapping[str, Range] = {
    "hour": Range(timedelta(hours=1), timedelta(minutes=1)),
    "day": Range(timedelta(days=1), timedelta(minutes=30)),
    "week": Range(timedelta(days=7), timedelta(hours=4)),
    "month": Range(timedelta(days=30), timedelta(days=1)),
}
"""What a reader can choose from."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: its name in the catalogue of strings, and a value for each span; `None` is no value."""

    name: str
    values: tuple[float | None, ...]

    @property
    def total(self) -> float:
        """Of all spans."""
        return sum(value for value in self.values if value is not None)


@dataclass(frozen=True, slots=True)
class Chart:
    """Some series over the same spans.

    Attributes:
        name: In the catalogue of strings.
        unit: What the values are: `jobs`, `chunks`, `tokens`, `money` (whole units of the currency) or `seconds`.
        summed: Whether a total of all spans means anything.

    """

    name: str
    unit: str
    at: tuple[datetime, ...]
    series: tuple[Series, ...]
    summed: bool = True

    @property
    def rows(self) -> list[tuple[datetime | float | None, ...]]:
        """A moment and the value of every series then, the earliest first: what table and drawing say."""
        return [(at, *values) for at, *values in zip(self.at, *(one.values for one in self.series), strict=True)]

    @property
    def empty(self) -> bool:
        """Whether nothing happened in all that time."""
        return not any(value for one in self.series for value in one.values)


def charts(found: Sequence[Ended], over: Range, now: datetime) -> list[Chart]:
    """Jobs that ended, what they brought, what they cost and how long they took; a span without any is zero."""
    since, until = over.bounds(now)
    at = tuple(since + over.span * number for number in range(int((until - since) / over.span)))
    by = {one.at: one for one in found}
    rows = [by.get(moment) for moment in at]

    def summed(name: str, what: str, divisor: int = 1) -> Series:
        return Series(name, tuple(getattr(row, what) / divisor if row else 0 for row in rows))

    def known(name: str, what: str) -> Series:
        return Series(name, tuple(round(getattr(row, what), 3) if row else None for row in rows))

    ended = (summed("succeeded", "succeeded"), summed("failed", "failed"), summed("others", "others"))
    return [
        Chart("ended", "jobs", at, ended),
        Chart("chunks", "chunks", at, (summed("chunks", "chunks"),)),
        Chart("tokens", "tokens", at, (summed("tokens", "tokens"),)),
        Chart("cost", "money", at, (summed("cost", "cost_micros", 1_000_000),)),
        Chart("took", "seconds", at, (known("median", "median_s"), known("slow", "slow_s")), summed=False),
    ]
