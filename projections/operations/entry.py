"""An operation as a row: one shape for all, because their state is nothing but the last of a kind about a thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.rows import storable
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import (
    EmbeddingsCompared,
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
)
from muniment.schemas.event import Event
from muniment.schemas.operations import (
    BreakerClosed,
    BreakerOpened,
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLetterRedriven,
    DeadLettersDiscarded,
    FlagChanged,
    OperationRejected,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)
from muniment.schemas.replays import EventSkipped, EventUnskipped, ReadModelDropped, ReplayAccepted

KINDS: Mapping[type[Event], str] = {
    FlagChanged: "flag",
    StepHalted: "halted",
    StepResumed: "resumed",
    BreakerOpened: "breaker_opened",
    BreakerClosed: "breaker_closed",
    RedriveStarted: "redrive_started",
    DeadLetterRedriven: "redriven",
    RedriveEnded: "redrive_ended",
    DeadLettersDiscarded: "discarded",
    DeadLetterQuarantined: "quarantined",
    DeadLetterEdited: "edited",
    OperationRejected: "rejected",
    EventSkipped: "event_skipped",
    EventUnskipped: "event_unskipped",
    ReplayAccepted: "replay_accepted",
    ReadModelDropped: "read_model_dropped",
    MigrationStarted: "migration_started",
    MigrationPaused: "migration_paused",
    MigrationResumed: "migration_resumed",
    EmbeddingsSwitched: "embeddings_switched",
    EmbeddingsDropped: "embeddings_dropped",
    EmbeddingsCompared: "embeddings_compared",
}
"""What each event is called in rows and answers."""
HOUSE = (
    "flag",
    "halted",
    "resumed",
    "breaker_opened",
    "breaker_closed",
    "event_skipped",
    "event_unskipped",
    "replay_accepted",
    "read_model_dropped",
    "migration_started",
    "migration_paused",
    "migration_resumed",
    "embeddings_switched",
    "embeddings_dropped",
    "embeddings_compared",
)
"""Kinds that are about the whole house: every operator sees them, whatever their tenant."""


@dataclass(frozen=True)
class Entry:
    """A row of `operations`.

    Attributes:
        kind: One of `KINDS`.
        about: The flag, step, breaker, redrive or letter; for a rejected command, what that was about.
        operation_id: The command behind it; of what nobody asked for (a brake, a breaker), what began it.
        body: The event's other values that are not personal; of long lists the length.

    """

    event_id: UUID
    partition: int
    offset: int
    kind: str
    about: str
    tenant: str
    actor: str
    operation_id: UUID
    at: datetime
    reason: str
    body: Mapping[str, Any]


def entry_of(item: Envelope) -> Entry:
    """The row of an operation."""
    return Entry(
        event_id=item.meta.event_id,
        partition=item.record.partition or 0,
        offset=item.record.offset or 0,
        kind=KINDS[type(item.event)],
        about=storable(_about(item.event)),
        tenant=storable(item.meta.tenant),
        actor=storable(item.meta.actor),
        operation_id=item.meta.correlation_id,
        at=item.meta.time,
        reason=storable(getattr(item.event, "reason", "")),
        body=_body(item.event),
    )


def _about(event: Event) -> str:
    # A document's key is no name of an operation.
    return event.letter if isinstance(event, DeadLetterEdited | DeadLetterQuarantined) else event.key


def _body(event: Event) -> dict[str, Any]:
    # The names of the declaration's clear fields: what is sealed on the log stays out of here.
    return {name: _plain(getattr(event, name)) for name, _ in event.declaration.clear if name != "reason"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return len(value)
    if isinstance(value, Mapping):
        return {storable(str(k)): storable(str(v)) for k, v in value.items()}
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return None
    return value if isinstance(value, bool | int | float) or value is None else str(value)
