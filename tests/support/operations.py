"""How Muniment is run, in memory: for tests of whoever asks."""

from datetime import UTC, datetime
from uuid import uuid4

from muniment.producers.operations.operations import FoldedOperations
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis


class MemoryOperations(FoldedOperations):
    """See `Operations`. `say` is what an event on the log would be."""

    def __init__(self) -> None:
        super().__init__()
        self.caught_up.set()

    async def say(self, event: Event, actor: str = "key:test") -> None:
        """An event of somebody."""
        self.take(event, said(actor))


def said(actor: str = "key:test", at: datetime | None = None) -> Metadata:
    """The envelope of something said just now."""
    event_id = uuid4()
    when = whole_millis(at or datetime.now(UTC))
    return Metadata(event_id, "acme", event_id, event_id, when, "muniment.test", actor=actor)
