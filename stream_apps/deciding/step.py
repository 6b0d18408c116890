"""Turns commands into facts, and takes note of how the versions it let through have ended."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import get_args

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, encode, key_id_in
from muniment.schemas.commands import CancelJob, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentErased,
    DocumentFetched,
    JobCancelled,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import COMMANDS_DOCUMENTS
from muniment.stream_apps.decider_step import DeciderStep, place_on, waited_for
from muniment.stream_apps.deciding.decider import Command, Outcome, decide, evolve
from muniment.stream_apps.deciding.state import Asked, Standing, State
from muniment.stream_apps.deciding.store import Cancellation, Decided, DecidingStore
from muniment.stream_apps.deciding.stored import description_of


class Deciding(DeciderStep):
    """See `Step`."""

    name = "deciding"
    notes = get_args(Outcome)
    reads: tuple[type[Event], ...] = (*get_args(Command), *notes)
    timeout_s = 30.0
    late = ErrorCode.DATABASE_UNAVAILABLE
    # Every command is answered, and how a version ended is known, whatever was cancelled.
    works_for_cancelled = True
    _store: DecidingStore

    def __init__(self, store: DecidingStore, codec: LogCodec, now: Callable[[], datetime]) -> None:
        self._store = store
        self._codec = codec
        self._now = now

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta = envelope.event, envelope.meta
        if isinstance(event, Outcome):
            await self._note(event, meta.tenant)
            return
        assert isinstance(event, Command)
        # Looked up before the transaction: inside it, every worker would hold one connection and wait for a second.
        key = await self._codec.key(meta.tenant, event.document_id)
        records = await self._store.once(
            meta.event_id,
            meta.tenant,
            event.document_id,
            lambda state, standing: self._decided(envelope, event, state, standing, key),
            place=waited_for(envelope.record),
            about=event.job_id if isinstance(event, CancelJob) else None,
            brings=isinstance(event, SubmitDocument | SubmitUrl | DocumentFetched),
            key_id=key_id_in(envelope.record),
        )
        for record in records:
            yield record

    async def _note(self, event: Outcome, tenant: str) -> None:
        if isinstance(event, CommandRejected) and event.command != "SubmitUrl":
            # Only fetching refuses what a decider let through.
            return
        asked = Asked(event.job_id)
        await self._store.evolve(tenant, event.document_id, lambda state: evolve(state, event, asked))

    def _decided(
        self, envelope: Envelope, command: Command, state: State, standing: Standing, key: DataKey | None
    ) -> Decided:
        meta = envelope.meta
        position = place_on(COMMANDS_DOCUMENTS.name, envelope.record)
        asked = Asked(
            job_id=meta.event_id,
            description=description_of(command) if isinstance(command, SubmitDocument | DocumentFetched) else "",
            offset=position.offset if position else -1,
            standing=standing,
            unreadable=key is None
            or standing is Standing.LOST
            or any(getattr(command, n) is REDACTED for n, _ in command.declaration.personal),
        )
        decision = decide(command, state, asked)
        name = decision.declaration.name
        caused = meta.caused(step=self.name, event_type=name, index=0, now=self._now())
        caused = replace(caused, command_position=str(position or ""))
        cancels = Cancellation(decision.job_id, decision.version) if isinstance(decision, JobCancelled) else None
        ends = decision.jobs if isinstance(decision, DocumentErased) else ()
        return Decided(evolve(state, decision, asked), [encode(decision, caused, key)], cancels, ends)
