"""What a host has taken in and not yet acknowledged: by record, by partition, and how much of it there may be."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from muniment.schemas.record import Record

Acknowledge = Callable[[], object]
OVERHEAD_BYTES = 512
"""What a record that only waits its turn weighs besides its value."""


@dataclass(slots=True, eq=False)
class Entry:
    """A record in the window: waiting, running, or settled and not yet acknowledged.

    Attributes:
        record: It.
        acknowledge: Called when it, and all before it from its partition, are settled.
        work: Whether it counts as a record, and not by its bytes only.
        settled: Whether nothing is left to do but to acknowledge it.
        beyond: Whether it goes past the share of who it belongs to, and is to be put off.

    """

    record: Record
    acknowledge: Acknowledge
    work: bool = True
    settled: bool = False
    beyond: bool = False

    @property
    def weight(self) -> int:
        """Bytes of the window that it takes."""
        return len(self.record.value) + (0 if self.work else OVERHEAD_BYTES)


@dataclass(slots=True)
class Window:
    """How much may be between entering and acknowledgement: records of work, and bytes of all that waits its turn."""

    records: int
    bytes: int
    entries: int = 0
    weight: int = 0

    def add(self, entries: int, weight: int) -> None:
        """Take note of what has come in, or (below 0) gone."""
        self.entries += entries
        self.weight += weight

    @property
    def full(self) -> bool:
        """Whether no more may come in."""
        return self.entries >= self.records or self.weight >= self.bytes

    @property
    def half_empty(self) -> bool:
        """Whether it is worth going on."""
        return self.entries <= self.records // 2 and self.weight <= self.bytes // 2


@dataclass(slots=True)
class Partition:
    """What has entered from a partition, in order, and how much of the window it may take."""

    share: Window
    order: deque[Entry] = field(default_factory=deque)
    held: bool = False
    keys: Counter[str] = field(default_factory=Counter)


def settled_prefix(order: deque[Entry]) -> Iterator[Entry]:
    """What may be acknowledged now, in order: it is in the window no more."""
    while order and order[0].settled:
        yield order.popleft()
