"""Which records are meant: ranges of topics, moments, and what they are about. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from muniment.schemas import moments
from muniment.schemas.record import Record
from muniment.schemas.topics import REDELIVERY, RETRY_TIERS, TOPICS

_PREFIX = "muniment."
_WAITING = frozenset(topic.name for topic in (*RETRY_TIERS, *REDELIVERY.values()))
"""Topics on which records only wait: they are elsewhere, too."""
_RANGE = re.compile(r"(?P<topic>[a-z0-9._]+)(?::(?P<partition>\d+)(?::(?P<first>\d+)?(?P<dash>-)?(?P<last>\d+)?)?)?")
EVERYTHING = "all"


class BadRange(ValueError):
    """What was asked for is no range; says what one looks like."""


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a topic: all of it, one partition, or offsets `first` to `last` (both included) of one."""

    topic: str
    partition: int | None = None
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        """As it is asked for."""
        words = [self.topic.removeprefix(_PREFIX)]
        if self.partition is not None:
            words.append(str(self.partition))
        if self.first is not None or self.last is not None:
            first, last = ("" if one is None else str(one) for one in (self.first, self.last))
            words.append(f"{first}-{last}")
        return ":".join(words)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be exported.

    Attributes:
        ranges: Parts of topics.
        since: Only records that the log took in at this moment or later.
        until: Only records from before this moment.
        document: Only records about this document (by their key).
        job: Only records of this job (by their correlation id).
        tenant: Only records of this tenant.

    """

    ranges: tuple[Range, ...]
    since: datetime | None = None
    until: datetime | None = None
    document: str = ""
    job: str = ""
    tenant: str = ""

    def __post_init__(self) -> None:
        """Refuse a time that ends before it begins: it would be an export of nothing, and look like an empty log."""
        if self.since and self.until and self.until < self.since:
            raise BadRange(f"the time ends before it begins: from {self.since.isoformat()} to {self.until.isoformat()}")

    @property
    def filtered(self) -> bool:
        """Whether records inside the ranges are left out."""
        return bool(self.document or self.job or self.tenant)

    def __str__(self) -> str:
        """In words, as somebody would ask for it: what the trail says was exported."""
        every = EVERYTHING if self.ranges == ranges([]) else " ".join(map(str, self.ranges))
        about = {
            "from": self.since and self.since.isoformat(),
            "to": self.until and self.until.isoformat(),
            "document": self.document,
            "job": self.job,
            "tenant": self.tenant,
        }
        return " ".join([every, *(f"{name}={value}" for name, value in about.items() if value)])

    def takes(self, record: Record) -> bool:
        """Whether a record inside the ranges is meant."""
        return (
            (not self.document or record.key == self.document.encode())
            and (not self.job or record.header("correlation_id") == self.job)
            and (not self.tenant or record.header("tenant") == self.tenant)
        )


def ranges(words: Sequence[str]) -> tuple[Range, ...]:
    """The ranges that the words name; `all` is every topic but those on which records only wait.

    Raises:
        BadRange: for a word that names none, and for two that overlap.

    """
    if list(words) in ([], [EVERYTHING]):
        return tuple(Range(topic.name) for topic in TOPICS if topic.name not in _WAITING)
    found = tuple(_range(word) for word in words)
    for i, one in enumerate(found):
        for other in found[:i]:
            if _overlap(one, other):
                raise BadRange(f"{words[i]} overlaps another range: name each record once")
    return found


def _range(word: str) -> Range:
    match = _RANGE.fullmatch(word)
    if match is None:
        raise BadRange(f"{word} is no range; write TOPIC, TOPIC:PARTITION or TOPIC:PARTITION:FIRST-LAST")
    known = {topic.name for topic in TOPICS}
    topic = match["topic"] if match["topic"] in known else _PREFIX + match["topic"]
    if topic not in known:
        names = ", ".join(sorted(name.removeprefix(_PREFIX) for name in known - _WAITING))
        raise BadRange(f"there is no topic {match['topic']}; there are {names}")
    numbers = [None if match[name] is None else int(match[name]) for name in ("partition", "first", "last")]
    partition, first, last = numbers
    if match["first"] is not None and not match["dash"]:
        last = first
    if first is not None and last is not None and last < first:
        raise BadRange(f"{word} ends before it begins")
    return Range(topic, partition, first, last)


def _overlap(one: Range, other: Range) -> bool:
    if one.topic != other.topic:
        return False
    if None not in (one.partition, other.partition) and one.partition != other.partition:
        return False
    return not (_after(one, other) or _after(other, one))


def _after(one: Range, other: Range) -> bool:
    return one.first is not None and other.last is not None and one.first > other.last


def moment(text: str) -> datetime:
    """A moment of RFC 3339; `BadRange` for one without its zone, which could be anybody's."""
    try:
        return moments.moment(text)
    except ValueError as error:
        raise BadRange(str(error)) from None
