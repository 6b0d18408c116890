"""The one way of a command from a request onto the log."""

from datetime import UTC, datetime
from uuid import UUID

import structlog

from muniment.api.access import Principal
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies
from muniment.api.position import position_of
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS

LOG = structlog.get_logger(__name__)
SOURCE = "muniment.api"


async def published_before(
    deps: Dependencies, command_id: UUID, topic: str = COMMANDS_DOCUMENTS.name
) -> Position | None:
    """Where the command of a repeated request lies on the log already, if it does.

    Then nothing is checked again, and nothing is stored again: it was allowed, and what it led to must not refuse it.

    Raises:
        StepFailure: `log_unavailable`, `database_unavailable`: nothing can be said then.

    """
    return None if deps.published is None else await deps.published(topic, command_id)


async def publish(
    deps: Dependencies,
    who: Principal,
    command: Event,
    command_id: UUID,
    owner: UUID | None = None,
    /,
    *,
    traceparent: str,
    lane: str,
    **about: str,
) -> Position:
    """Publish a command under its id, on a lane; returns its place once the broker has confirmed it.

    `owner` is whose data key seals what is personal in it, where the command itself does not name that. `about` is
    noted in the log line, where the ids of a request and of what it began meet.

    Raises:
        StepFailure: `log_unavailable`, `database_unavailable`, `record_too_large`, and `key_destroyed` for a command
            with something personal about an erased document.

    """
    meta = Metadata(
        event_id=command_id,
        tenant=who.tenant,
        correlation_id=command_id,
        causation_id=command_id,
        time=whole_millis(datetime.now(UTC)),
        source=SOURCE,
        traceparent=traceparent,
        actor=who.actor,
        lane=lane,
    )
    note().asks(command)
    position = position_of(await deps.publisher.send(await deps.codec.encode(command, meta, owner=owner)))
    note().published(command_id)
    LOG.info(
        "command_published",
        event_type=command.declaration.ce_type,
        correlation_id=str(command_id),
        position=str(position),
        **about,
    )
    return position
