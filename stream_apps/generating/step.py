"""Has drafts written, and checks what they cite."""

from collections.abc import AsyncIterator

from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftRequested, DraftRevised
from muniment.stream_apps.generating.checking import Checking
from muniment.stream_apps.generating.writing import Drafting
from muniment.stream_apps.step import Step


class Generating(Step):
    """See `Step`. A minute of one draft holds up no other: each is a lane of its own, in a host made for slow work."""

    name = "generating"
    reads: tuple[type[Event], ...] = (DraftRequested, DraftRevised)
    # Silent or slow: the provider's affair either way.
    late = ErrorCode.PROVIDER_TIMEOUT
    orders = False
    slow = True

    def __init__(self, drafting: Drafting, checking: Checking, *, timeout_s: float) -> None:
        self._drafting = drafting
        self._checking = checking
        self.timeout_s = timeout_s

    def lane(self, record: Record) -> bytes:
        """Each request its own. Revisions of a project are in order: the later ones go back to the earlier ones."""
        if (record.header("ce_type") or "").endswith(f".{DraftRequested.declaration.key}"):
            return (record.header("correlation_id") or "").encode() or record.key
        return record.key

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        if isinstance(envelope.event, DraftRevised):
            async for event in self._checking.checked(envelope, envelope.event):
                yield event
            return
        assert isinstance(envelope.event, DraftRequested)
        async for item in self._drafting.drafted(envelope, envelope.event):
            yield item

    async def settled(self, envelope: Envelope) -> None:
        """The answer is on the log: it need not be kept any more."""
        if isinstance(envelope.event, DraftRequested):
            await self._drafting.settled(envelope.meta.tenant, envelope.event.draft_id)
