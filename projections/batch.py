"""Records on their way into a fold: decoded with one look-up of keys, those that do not concern it left undecoded."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from muniment.projections.checkpoint import Partition
from muniment.projections.projection import Item, Projection
from muniment.schemas.codec import Envelope
from muniment.schemas.errors import MunimentError
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Record

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


class Decoder(Protocol):
    """The decoding half of `producers.LogCodec`."""

    async def decode_many(
        self, records: Sequence[Record], *, unopened: Collection[str] = ()
    ) -> list[Envelope | MunimentError]:
        """Decode a batch; a record that cannot be decoded gives its error in its place.

        The sealed fields of the events named by `unopened` are left sealed, and read as redacted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A record and what came of decoding it: an item, an error, or `None` for one the projection does not fold."""

    record: Record
    item: Item | MunimentError | None

    @property
    def partition(self) -> Partition:
        """Where it lies."""
        return self.record.topic, self.record.partition or 0

    @property
    def offset(self) -> int:
        """How far in it lies."""
        assert self.record.offset is not None
        return self.record.offset


async def decoded(
    records: Sequence[Record],
    projection: Projection,
    decoder: Decoder,
    passed: Collection[Place] = frozenset(),
    only: Callable[[Record], bool] | None = None,
) -> list[Entry]:
    """Decode what the projection folds.

    Args:
        records: What was read.
        projection: Which projection.
        decoder: Decodes.
        passed: Places that operators have skipped for it: passed by, whatever lies there.
        only: Which records are folded; `None` for all.

    Raises:
        StepFailure: `database_unavailable` when the keys cannot be looked up right now, `key_ring_unusable` when one
            is lost: no record is at fault, so nothing is parked and nothing folded.

    """
    raw, handled = projection.raw_topics, projection.handled
    items = list[Item | MunimentError | None]([None]) * len(records)
    wanted = list[int]()
    for number, record in enumerate(records):
        if _skipped(record, passed) or not (only is None or only(record)):
            continue
        if record.topic in raw:
            items[number] = record
        # A record without a type cannot be skipped in silence: decoding it will say what is wrong.
        elif (name := event_name(record)) in handled or not name:
            wanted.append(number)
    found = await decoder.decode_many([records[n] for n in wanted], unopened=projection.closed) if wanted else []
    for number, item in zip(wanted, found, strict=True):
        items[number] = item
    return list(map(Entry, records, items))


def beyond(entries: Iterable[Entry], positions: Mapping[Partition, int]) -> list[Entry]:
    """Those that the checkpoints have not passed yet."""
    return [e for e in entries if e.offset >= positions[e.partition]]


def _skipped(record: Record, passed: Collection[Place]) -> bool:
    return bool(passed) and (record.topic, record.partition, record.offset) in passed
