"""Which records may have made a row what it is, gathered while the log is read: no more are held than can be folded.

A row that is about a document is made by the records under its key. Any record may have made another row, so all are
gathered as long as they are few. Once they are too many, only those that bear one of the row's ids: as their key (that
of a project) or as their own id (that of an entry of the trail).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from muniment.projections.projection import Projection
from muniment.projections.replaying.differences import RowDifference
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_OPERATIONS, OPERATIONS

TRACED = 20
"""Documents, and of rows without one those, whose records are held apart; of the others no event is named."""
MOST = 20_000
"""Records that are folded one by one at most: beyond that no event is named."""
MOST_BYTES = 64 * 1024 * 1024
"""And their bytes, of each row's: vectors are large."""
OF_THE_HOUSE = {OPERATIONS.name, COMMANDS_OPERATIONS.name}
"""Topics that are about no document, and small: all of them can have a part in any row."""


@dataclass(slots=True)
class Bag:
    """Records to fold one by one. One that is `full` lets go of them and takes no more."""

    records: list[Record] = field(default_factory=list)
    size: int = 0
    full: bool = False

    def take(self, record: Record) -> None:
        """Hold it, too, unless it is one too many."""
        if self.full:
            return
        self.size += len(record.value or b"")
        if len(self.records) >= MOST or self.size > MOST_BYTES:
            self.full = True
            self.records.clear()
            return
        self.records.append(record)


class Gathered:
    """What may have made these rows of these documents, and rows that are of none. Fed record by record."""

    def __init__(self, projection: Projection, documents: Iterable[str], loose: Sequence[RowDifference]) -> None:
        self._projection = projection
        self._house, self._every = Bag(), Bag()
        self._documents = {document: Bag() for document in documents}
        self._loose = [(row, Bag()) for row in loose[:TRACED]]
        self._by_id = {document: [bag] for document, bag in self._documents.items()}
        for row, bag in self._loose:
            for one in row.ids:
                self._by_id.setdefault(one, []).append(bag)

    def take(self, record: Record) -> None:
        """Hold what the projection folds, where it may be about one of the rows."""
        if record.topic not in self._projection.raw_topics and event_name(record) not in self._projection.handled:
            return
        if record.topic in OF_THE_HOUSE:
            self._house.take(record)
        if self._loose:
            self._every.take(record)
        key = (record.key or b"").decode("utf-8", "replace")
        for one in {key, record.header("ce_id") or key}:
            for bag in self._by_id.get(one, ()):
                bag.take(record)

    def of(self, document: str) -> list[Record] | None:
        """What may have made the rows of a document, in its order; `None` where that is too much."""
        mine = self._documents[document]
        if mine.full or self._house.full:
            return None
        found = {_at(r): r for bag in (mine, self._house) for r in bag.records}
        return _in_order(found.values()) if len(found) <= MOST else None

    def of_all(self) -> list[Record] | None:
        """What may have made rows that are of no document; `None` where that is too much."""
        return None if self._every.full else _in_order(self._every.records)

    def of_some(self) -> tuple[list[RowDifference], list[Record]]:
        """Where that is too much: the rows about which less is said, as many as go together, and what bears their ids.

        There may be more that made them: what comes of it has to be looked at.
        """
        rows, places = list[RowDifference](), {_at(r): r for r in self._house.records}
        for row, bag in self._loose:
            more = {_at(r): r for r in bag.records if _at(r) not in places}
            if not bag.full and len(places) + len(more) <= MOST:
                rows.append(row)
                places |= more
        return rows, _in_order(places.values())


def _at(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition or 0, record.offset or 0


def _in_order(records: Iterable[Record]) -> list[Record]:
    """In the order in which they were written, as well as can be told."""
    return sorted(records, key=lambda r: (r.timestamp_ms or 0, _at(r)))
