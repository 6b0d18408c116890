"""Turns commands about projects and scripts into facts, and takes note of how drafts have ended."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import get_args

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, encode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftCancelled
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import COMMANDS_PROJECTS
from muniment.stream_apps.decider_step import DeciderStep, place_on, waited_for
from muniment.stream_apps.projects.decider import Command, decide
from muniment.stream_apps.projects.evolve import Outcome, evolve, read_back
from muniment.stream_apps.projects.state import Asked, State, stopped
from muniment.stream_apps.projects.store import Decided, ProjectStore


class Projecting(DeciderStep):
    """See `Step`."""

    name = "projecting"
    notes = (*get_args(Outcome), DraftCancelled)
    reads: tuple[type[Event], ...] = (*get_args(Command), *notes)
    timeout_s = 30.0
    late = ErrorCode.DATABASE_UNAVAILABLE
    # Every command is answered, and how a draft ended is known, whatever was cancelled.
    works_for_cancelled = True
    _store: ProjectStore

    def __init__(self, store: ProjectStore, codec: LogCodec, now: Callable[[], datetime]) -> None:
        self._store = store
        self._codec = codec
        self._now = now

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta = envelope.event, envelope.meta
        if isinstance(event, Outcome | DraftCancelled):
            await self._note(event, meta.tenant)
            return
        assert isinstance(event, Command)
        # Looked up before the transaction: inside it, every worker would hold one connection and wait for a second.
        owner = event.sealed_for
        key = await self._codec.key(meta.tenant, owner) if owner else None
        records = await self._store.once(
            meta.event_id,
            meta.tenant,
            event.project_id,
            waited_for(envelope.record),
            lambda state: self._decided(envelope, event, state, key),
        )
        for record in records:
            yield record

    async def _note(self, event: Outcome | DraftCancelled, tenant: str) -> None:
        def noted(state: State) -> State:
            return read_back(state, event) if isinstance(event, DraftCancelled) else evolve(state, event)

        await self._store.evolve(tenant, event.project_id, noted)

    def _decided(self, envelope: Envelope, command: Command, state: State, key: DataKey | None) -> Decided:
        meta = envelope.meta
        personal = command.declaration.personal
        asked = Asked(
            job_id=meta.event_id,
            unreadable=bool(personal)
            and (key is None or any(getattr(command, name) is REDACTED for name, _ in personal)),
        )
        after, records = state, []
        for index, event in enumerate(decide(command, state, asked)):
            after = evolve(after, event)
            name = event.declaration.name
            caused = meta.caused(step=self.name, event_type=name, index=index, now=self._now())
            caused = replace(caused, command_position=str(place_on(COMMANDS_PROJECTS.name, envelope.record) or ""))
            records.append(encode(event, caused, key if event.declaration.personal else None))
        return Decided(after, records, stopped(state, after))
