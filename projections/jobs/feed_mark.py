"""How much a live reader was told, as positions of the log: what an event id is made of. Pure.

A mark is the next offset of every partition that the jobs are folded from, and the few records before these whose
telling was put off: the end of a job is told once search has what the job brought. Positions mean the same on every
instance and after every rebuild.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from muniment.schemas.topics import (
    CHUNKS,
    COMMANDS_DOCUMENTS,
    COMMANDS_PROJECTS,
    DLQ,
    DOCUMENTS,
    EMBEDDINGS,
    JOBS,
    PROJECTS,
    RETRY_TIERS,
)

Partition = tuple[str, int]
Place = tuple[str, int, int]
"""Topic, partition, offset."""

CODES = {
    topic.name: code
    for code, topic in enumerate(
        (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS, JOBS, DLQ, *RETRY_TIERS, COMMANDS_PROJECTS, PROJECTS)
    )
}
"""A number for each topic; they stand in ids that were given out, so new ones go to the end."""
_TOPICS = {code: name for name, code in CODES.items()}
_FORM = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LONGEST = 8000
"""Characters of an id: what a header may hold. 12 partitions a topic take some 650; 120 fit, with all that is held."""
HELD = 300
"""Places that a mark holds at most; each takes four characters, or eight where they lie far apart."""


@dataclass(frozen=True, slots=True)
class Mark:
    """See the module.

    Attributes:
        at: When it was true, UTC; it says whether the rest can still be told.
        reached: The first offset of each partition that was not told; 0 where a partition is missing.
        held: Places before these that are still to be told.

    """

    at: datetime
    reached: Mapping[Partition, int]
    held: frozenset[Place] = frozenset()

    def covers(self, place: Place) -> bool:
        """Whether what lies at this place was told."""
        return place[2] < self.reached.get(place[:2], 0) and place not in self.held


def to_id(mark: Mark) -> str:
    """The event id of a mark."""
    numbers = [_FORM, (mark.at - _EPOCH) // _MILLISECOND]
    numbers += _grouped({(*partition, offset) for partition, offset in mark.reached.items() if offset > 0})
    numbers += _grouped(mark.held)
    return base64.urlsafe_b64encode(b"".join(map(_varint, numbers))).decode().rstrip("=")


def from_id(text: str) -> Mark:
    """The mark in an event id.

    Raises:
        ValueError: when Muniment never gave out such an id.

    """
    try:
        mark = _parsed(text)
    except (binascii.Error, ValueError, KeyError, OverflowError, OSError):
        raise ValueError("not an event id") from None
    if to_id(mark) != text:
        raise ValueError("not an event id")
    return mark


def _parsed(text: str) -> Mark:
    if len(text) > LONGEST:
        raise ValueError("too long")
    numbers = _Numbers(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if numbers.take() != _FORM:
        raise ValueError("of another form")
    at = _EPOCH + numbers.take() * _MILLISECOND
    reached = {(topic, partition): offset for topic, partition, offset in _ungrouped(numbers)}
    return Mark(at, reached, frozenset(_ungrouped(numbers)))


def _grouped(places: Iterable[Place]) -> list[int]:
    """By topic and partition, each number as its distance from the one before: most then take one or two bytes."""
    by_topic: dict[int, list[tuple[int, int]]] = {}
    for topic, partition, offset in places:
        by_topic.setdefault(CODES[topic], []).append((partition, offset))
    numbers = [len(by_topic)]
    for code, entries in sorted(by_topic.items()):
        numbers += [code, len(entries)]
        before = (0, 0)
        for entry in sorted(entries):
            step = entry[1] - before[1]
            numbers += [entry[0] - before[0], 2 * step if step >= 0 else -2 * step - 1]
            before = entry
    return numbers


def _ungrouped(numbers: "_Numbers") -> Iterator[Place]:
    for _ in range(numbers.take()):
        topic = _TOPICS[numbers.take()]
        partition = offset = 0
        for _ in range(numbers.take()):
            partition += numbers.take()
            step = numbers.take()
            offset += step // 2 if step % 2 == 0 else -(step + 1) // 2
            if offset < 0 or offset >= 2**63 or partition >= 2**31:
                raise ValueError
            yield topic, partition, offset


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Numbers:
    """Numbers of seven bits a byte, the last byte of each below 128."""

    def __init__(self, data: bytes) -> None:
        self._left = iter(data)

    def take(self) -> int:
        """The next one; `ValueError` when there is none."""
        number = shift = 0
        for byte in self._left:
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - see above
                return number
        raise ValueError("no more numbers")
