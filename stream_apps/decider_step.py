"""What the steps share that decide commands."""

from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import in_lane, lane_of
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import sent_from
from muniment.stream_apps.decider_store import DeciderStore
from muniment.stream_apps.step import Step


class DeciderStep(Step):
    """A step whose decisions come out in the order of their commands, which position tokens rely on.

    Attributes:
        notes: Of what it reads, what it only takes note of: nothing goes out for it.

    """

    notes: tuple[type[Event], ...] = ()
    _store: DeciderStore

    def lane(self, record: Record) -> bytes:
        """A whole partition."""
        return f"{record.topic}:{record.partition}".encode()

    async def settled(self, envelope: Envelope) -> None:
        """Empty the outbox of the command."""
        if not isinstance(envelope.event, self.notes):
            await self._store.sent(envelope.meta.event_id)


def waited_for(record: Record) -> str | None:
    """Where a command lies, as the text of what its readers wait for; `None` when it never was on a topic."""
    found = sent_from(record)
    return None if found is None else str(in_lane(found, lane_of(record)))


def place_on(topic: str, record: Record) -> Position | None:
    """Where a command lies on its own topic; `None` for a record that is none of that topic's."""
    found = sent_from(record)
    return found if found and found.topic == topic else None
