"""A record as the broker sees it: bytes, headers, and where it lies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter

_NAME = re.compile(r"[^\0]{0,300}")
"""A topic's name has at most 249 characters; that of a lane is longer by its own."""
_PARTITIONS, _OFFSETS = range(2**31), range(2**63 - 1)
_VALUE = itemgetter(1)
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is sent to, or was read from, a topic. The place is `None` until the broker has said it."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    partition: int | None = None
    offset: int | None = None
    timestamp_ms: int | None = None
    _named: dict[str, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Kafka's headers may be null; a foreign record must fail to decode, and not break who reads it.
        if None in map(_VALUE, self.headers):
            object.__setattr__(self, "headers", tuple((name, value or b"") for name, value in self.headers))
        # Made once: of each record some five headers are asked for.
        object.__setattr__(self, "_named", dict(self.headers))

    @property
    def named(self) -> Mapping[str, bytes]:
        """The headers by name; of several of one name the last."""
        return self._named

    @property
    def place(self) -> str:
        """Where it lies, for people: `topic:partition:offset`, or nothing before the broker has said it."""
        if self.partition is None or self.offset is None:
            return ""
        return f"{self.topic}:{self.partition}:{self.offset}"

    def header(self, name: str) -> str | None:
        """The last header of that name as text, or `None`."""
        value = self._named.get(name)
        return None if value is None else value.decode("utf-8", "replace")

    def with_headers(self, extra: Mapping[str, str]) -> "Record":
        """The same record with these headers replaced or added, on its way to another place."""
        kept = tuple((k, v) for k, v in self.headers if k not in extra)
        # "replace": an error text may hold a lone surrogate, and its record must go out all the same.
        added = tuple((k, v.encode("utf-8", "replace")) for k, v in extra.items())
        return Record(self.topic, self.key, self.value, kept + added)

    def to(self, topic: str) -> "Record":
        """The same record, unsent, for another topic."""
        return Record(topic, self.key, self.value, self.headers)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record lies on the log: what a position token carries."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The inverse of `str()`; `ValueError` when it is not one, or cannot be a place of any log."""
        topic, partition, offset = text.rsplit(":", 2)
        place = cls(topic, int(partition), int(offset))
        # Headers of foreign records are read here, and what is read is kept: by a database that takes no more.
        if place.partition not in _PARTITIONS or place.offset not in _OFFSETS or not _NAME.fullmatch(topic):
            raise ValueError("no place of a log")
        return place
