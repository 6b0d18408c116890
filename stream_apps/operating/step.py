"""Turns operators' commands into what is so from then on, or says why not."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.operations import Operations
from muniment.producers.record_at import Records
from muniment.schemas.codec import Envelope, encode
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.operation_commands import (
    DiscardDeadLetters,
    EditDeadLetter,
    HaltStep,
    RedriveDeadLetters,
    ResetBreaker,
    ResumeStep,
    SetFlag,
    StopRedrive,
)
from muniment.schemas.operations import DeadLetterEdited, RedriveStarted
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Position, Record
from muniment.schemas.replays import SkipEvent, UnskipEvent
from muniment.schemas.retry_headers import sent_from
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import BESIDE, DLQ, branched
from muniment.stream_apps.decider_step import DeciderStep, waited_for
from muniment.stream_apps.operating.decider import Command, Found, decide
from muniment.stream_apps.operating.editing import BadPatch, patched
from muniment.stream_apps.operating.letters import Letters
from muniment.stream_apps.operating.model_store import ModelDecisions
from muniment.stream_apps.operating.models import ModelCommand
from muniment.stream_apps.operating.selection import BadSelection, selection
from muniment.stream_apps.operating.state import State, evolve, in_order
from muniment.stream_apps.operating.store import About, Decided, Edited, OperatingStore, Started


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that a command needs, looked up before its transaction: inside it nothing else may be waited for."""

    found: Found
    key: DataKey | None = None
    edited: Edited | None = None


class Operating(DeciderStep):
    """See `Step`."""

    name = "operating"
    reads: tuple[type[Event], ...] = (
        SetFlag,
        HaltStep,
        ResumeStep,
        ResetBreaker,
        RedriveDeadLetters,
        StopRedrive,
        DiscardDeadLetters,
        EditDeadLetter,
        *get_args(ModelCommand),
        SkipEvent,
        UnskipEvent,
    )
    timeout_s = 60.0
    late = ErrorCode.DATABASE_UNAVAILABLE
    _store: OperatingStore

    def __init__(
        self,
        store: OperatingStore,
        letters: Letters,
        records: Records,
        operations: Operations,
        codec: LogCodec,
        *,
        now: Callable[[], datetime],
        models: ModelDecisions | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._letters = letters
        self._records = records
        self._operations = operations
        self._codec = codec
        self._now = now

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, meta = envelope.event, envelope.meta
        if isinstance(event, ModelCommand) and self._models is not None:
            for record in await self._models.once(envelope, self.name):
                yield record
            return
        assert isinstance(event, Command)
        prepared = await self._prepared(event, meta.tenant)
        about = About(
            tenant=meta.tenant,
            letters={one.letter: one for one in prepared.found.letters},
            redrive_id=event.redrive_id if isinstance(event, StopRedrive) else None,
        )
        records = await self._store.once(
            meta.event_id,
            waited_for(envelope.record),
            about,
            lambda state: self._decided(envelope, event, state, prepared),
        )
        for record in records:
            yield record

    async def _prepared(self, command: Command, tenant: str) -> _Prepared:
        if isinstance(command, RedriveDeadLetters | DiscardDeadLetters):
            return _Prepared(await self._found(command, tenant))
        if isinstance(command, EditDeadLetter):
            return await self._edit(command, tenant)
        if isinstance(command, HaltStep | ResumeStep | SkipEvent | UnskipEvent):
            await self._operations.caught_up.wait()
        state = self._operations.state
        models = state.models.kept(self._models.first) if self._models else ()
        branches = frozenset(branched(step, model) for step in BESIDE for model in models)
        return _Prepared(Found(halted=frozenset(state.halted), branches=branches, skipped=state.skipped))

    async def _found(self, command: RedriveDeadLetters | DiscardDeadLetters, tenant: str) -> Found:
        if command.letters:
            fault = "name letters, or select them, but not both" if command.selection else ""
            return Found(letters=tuple(await self._letters.named(tenant, command.letters)), fault=fault)
        force = isinstance(command, DiscardDeadLetters) or command.force
        try:
            wanted = selection(command.selection)
        except BadSelection as error:
            return Found(fault=str(error))
        return Found(letters=tuple(await self._letters.selected(tenant, wanted, force=force)))

    async def _edit(self, command: EditDeadLetter, tenant: str) -> _Prepared:
        letters = tuple(await self._letters.named(tenant, (command.letter,)))
        if not letters or letters[0].document_id != command.document_id:
            return _Prepared(Found())
        try:
            edited, key = await self._edited(command, tenant)
        except BadPatch as error:
            return _Prepared(Found(letters=letters, fault=str(error)))
        return _Prepared(Found(letters=letters), key, edited)

    async def _edited(self, command: EditDeadLetter, tenant: str) -> tuple[Edited, DataKey]:
        if isinstance(command.patch, Redaction):
            raise BadPatch("the document was erased, and the patch with it")
        place = Position.parse(command.letter)
        record = await self._records.at(place) if place.topic == DLQ.name else None
        if record is None:
            raise BadPatch("its record is not on the dead-letter topic any more")
        try:
            envelope = await self._codec.decode(record)
        except MunimentError as error:
            if POLICIES[error.code] is Policy.BLOCK:
                raise
            raise BadPatch(f"its record cannot be read: {error.detail}") from None
        made = patched(envelope.event, command.patch)
        # Under what the letter itself is sealed for: a draft's letter names its project, and goes with the draft.
        key = await self._codec.key(tenant, made.sealed_for or command.document_id)
        if key is None:
            raise BadPatch("what it is about was erased: nothing can be sealed for it any more")
        # The same event under the same id, sealed anew.
        value = _sealed(made, envelope.meta, key)
        return Edited(command.letter, value, key.key_id if made.declaration.personal else None), key

    def _decided(self, envelope: Envelope, command: Command, state: State, prepared: _Prepared) -> Decided:
        meta, now = envelope.meta, self._now()
        events = decide(command, state, prepared.found, meta.event_id, meta.tenant)
        records, after, started, edited = [], state, None, None
        for event in events:
            name = event.declaration.name
            caused = meta.caused(step=self.name, event_type=name, index=0, now=now)
            if event is events[-1]:
                # Whoever waits for the decision waits for all of it.
                caused = replace(caused, command_position=str(sent_from(envelope.record) or ""))
            records.append(encode(event, caused, prepared.key if event.declaration.personal else None))
            after = evolve(after, event, meta.tenant)
            if isinstance(event, RedriveStarted):
                canaries = _canaries(event, prepared.found)
                started = Started(event, meta.tenant, meta.actor, meta.traceparent, canaries, now)
            if isinstance(event, DeadLetterEdited):
                edited = prepared.edited
        return Decided(after, records, now, started, edited)


def _sealed(made: Event, meta: Metadata, key: DataKey) -> bytes:
    try:
        return encode(made, meta, key).value
    except MunimentError as error:
        if error.code is ErrorCode.RECORD_TOO_LARGE:
            raise BadPatch("the patch makes it larger than a record may be: take something out of it") from None
        raise BadPatch(f"what the patch makes cannot be written: {error.detail}") from None
    except (OverflowError, ValueError) as error:
        # The patch was held against the event's types before: this is what they do not say.
        raise BadPatch(f"what the patch makes cannot be written as a record: {type(error).__name__}") from None


def _canaries(event: RedriveStarted, found: Found) -> int:
    taken = set(event.letters)
    return in_order([one for one in found.letters if one.letter in taken], event.canary)[1]
