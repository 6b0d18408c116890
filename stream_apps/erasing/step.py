"""Decides who may have what erased. Carrying it out takes minutes, and is the `Eraser`'s."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from muniment.schemas.codec import Envelope, encode
from muniment.schemas.erasures import ConfirmErasure, RejectErasure, RequestErasure
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import sent_from
from muniment.stream_apps.decider_step import DeciderStep, waited_for
from muniment.stream_apps.erasing.decider import Command, Erasure, decide
from muniment.stream_apps.erasing.store import Decided, ErasingStore


class Erasing(DeciderStep):
    """See `Step`. `confirmations` is how many others have to agree to an erasure: 0 or 1."""

    name = "erasing"
    reads: tuple[type[Event], ...] = (RequestErasure, ConfirmErasure, RejectErasure)
    timeout_s = 30.0
    late = ErrorCode.DATABASE_UNAVAILABLE
    _store: ErasingStore

    def __init__(self, store: ErasingStore, *, now: Callable[[], datetime], confirmations: int = 0) -> None:
        self._store = store
        self._now = now
        self._confirmations = confirmations

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta, now = envelope.event, envelope.meta, self._now()
        assert isinstance(event, Command)
        records = await self._store.once(
            meta,
            event.erasure_id,
            waited_for(envelope.record),
            lambda state: self._decided(envelope, event, state, now),
        )
        for record in records:
            yield record

    def _decided(self, envelope: Envelope, command: Command, state: Erasure | None, now: datetime) -> Decided:
        meta, records = envelope.meta, []
        events = decide(command, state, meta.tenant, meta.actor, self._confirmations)
        for event in events:
            caused = meta.caused(step=self.name, event_type=event.declaration.name, index=0, now=now)
            if event is events[-1]:
                # Whoever waits for the decision waits for all of it.
                caused = replace(caused, command_position=str(sent_from(envelope.record) or ""))
            records.append(encode(event, caused, None))
        return Decided(events, records)
