"""How an eraser says something of an erasure: its ids are derived, so that twice is once. Pure."""

from datetime import datetime
from uuid import UUID, uuid5

from muniment.schemas.commands import EraseDocument
from muniment.schemas.ids import child_traceparent, result_id
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.stream_apps.erasing.store import UnderWay

STEP = "erasing"


def command_id(erasure: UnderWay, document: UUID) -> UUID:
    """The id of the command that one of its documents be erased."""
    return result_id(uuid5(erasure.erasure_id, str(document)), STEP, EraseDocument.declaration.name, 0)


def meta_of(erasure: UnderWay, event_id: UUID, correlation_id: UUID, now: datetime, lane: str) -> Metadata:
    """The metadata of what is said of an erasure, in the name of who decided it."""
    return Metadata(
        event_id=event_id,
        tenant=erasure.tenant,
        correlation_id=correlation_id,
        causation_id=erasure.erasure_id,
        time=whole_millis(now),
        source=f"muniment.{STEP}",
        traceparent=child_traceparent(erasure.traceparent, event_id),
        actor=erasure.decided_by,
        lane=lane,
    )
