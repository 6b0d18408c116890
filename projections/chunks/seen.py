"""Which versions of a document search has seen, and when: the fold of its own facts, pure.

They lie in one partition and come in their order. Of a version the log says first whether it was indexed or cancelled;
a version that a higher one has outrun, or that was deleted before it was whole, is never seen. No version is seen
again once it is not any more.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from muniment.projections.validity import Moment
from muniment.schemas.documents import DocumentDeleted, DocumentErased, DocumentIndexed, JobCancelled
from muniment.schemas.event import Event

SAID: tuple[type[Event], ...] = (DocumentIndexed, DocumentDeleted, DocumentErased, JobCancelled)
"""What decides about it."""


@dataclass(frozen=True)
class Seen:
    """A version that search sees from one moment on, up to another unless `to_at` is `None`; a row of `seen`."""

    tenant: str
    document_id: UUID
    version: int
    chunks: int
    from_at: datetime
    from_place: str
    to_at: datetime | None = None
    to_place: str | None = None


@dataclass(frozen=True)
class Sight:
    """What the facts of a document have said of it so far; `cancelled` is of those that are not seen yet."""

    tenant: str
    document_id: UUID
    seen: Mapping[int, Seen] = field(default_factory=dict)
    deleted_up_to: int = 0
    cancelled: AbstractSet[int] = frozenset()

    def after(self, event: Event, moment: Moment) -> "Sight":
        """After a fact; one that was told before changes nothing."""
        match event:
            case DocumentIndexed() if self._wants(event.version):
                new = Seen(self.tenant, self.document_id, event.version, event.chunks, *moment)
                return replace(self, seen={**self._closed(event.version, moment), event.version: new})
            case DocumentDeleted() | DocumentErased():
                up_to = max(self.deleted_up_to, event.version)
                return replace(self, seen=self._closed(up_to, moment), deleted_up_to=up_to)
            case JobCancelled() if event.version not in self.seen:
                return replace(self, cancelled=self.cancelled | {event.version})
            case _:
                return self

    def _wants(self, version: int) -> bool:
        return version > max([self.deleted_up_to, *self.seen]) and version not in self.cancelled

    def _closed(self, up_to: int, moment: Moment) -> dict[int, Seen]:
        """What was seen, ended by now as far as it is not above this version."""
        return {
            n: replace(row, to_at=moment.at, to_place=moment.place) if n <= up_to and row.to_at is None else row
            for n, row in self.seen.items()
        }
