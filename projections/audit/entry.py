"""An entry of the trail as a row. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.rows import storable
from muniment.schemas.audit import HOUSE, ActionAudited, AuditedTopicChanged, AuditedTopicRestored, Outcome
from muniment.schemas.codec import Envelope
from muniment.schemas.ids import trace_of

CHANGED, RESTORED, ACCEPTED = "topic.changed", "topic.restored", "topic.accepted"
"""The actions of what the broker did, as against what somebody did by way of us."""


NAMED = ("topic", "signing_key", "key_encryption_key", "data_keys", "schema_registry", "projection")
"""Kinds of things that are the house's own: their names tell nothing of any tenant."""


@dataclass(frozen=True)
class Entry:
    """A row of `entries`; see `muniment.schemas.audit` for what the columns mean."""

    event_id: UUID
    partition: int
    offset: int
    at: datetime
    tenant: str
    actor: str
    action: str
    kind: str
    entity: str
    outcome: str
    status: int | None
    reason: str
    source: str
    network: str
    address_mark: str
    agent: str
    query_mark: str
    trace_id: str
    correlation_id: UUID
    documents: list[dict[str, Any]]
    document_ids: list[UUID]
    document_count: int
    left_out: int


def entry_of(item: Envelope) -> Entry:
    """The row of what the trail tells; `TypeError` for an event that is none of its."""
    event, about = item.event, _envelope(item)
    if isinstance(event, ActionAudited):
        return Entry(
            **about,
            action=storable(event.action),
            kind=storable(event.kind),
            entity=storable(event.entity),
            outcome=storable(event.outcome),
            status=event.status,
            reason=storable(event.reason),
            network=storable(event.network),
            address_mark=storable(event.address_mark),
            agent=storable(event.agent),
            query_mark=storable(event.query_mark),
            documents=[
                {"document_id": str(one.document_id), "version": one.version, "chunks": list(one.chunks)}
                for one in event.documents
            ],
            document_ids=list(dict.fromkeys(one.document_id for one in event.documents)),
            document_count=event.document_count,
            left_out=event.left_out,
        )
    if isinstance(event, AuditedTopicChanged):
        return _of_topic(about, event, CHANGED, told(event))
    if isinstance(event, AuditedTopicRestored):
        said = f"{place(event.topic, event.partition)} {event.setting}: {event.reason or 'as declared again'}"
        return _of_topic(about, event, ACCEPTED if event.accepted else RESTORED, said)
    raise TypeError(f"{event.declaration.key} is no part of the trail")


def outward(entry: Entry) -> Entry:
    """An entry as who does not run the house may see it: of the house's, no free text and no id of any tenant's."""
    if entry.tenant != HOUSE:
        return entry
    return replace(
        entry,
        entity=entry.entity if entry.kind in NAMED else "",
        reason=entry.reason if entry.action in {CHANGED, RESTORED} else "",
        documents=[],
        document_ids=[],
    )


def told(event: AuditedTopicChanged) -> str:
    """In a sentence what is wrong with a topic."""
    return f"{place(event.topic, event.partition)} {event.setting}: {event.declared} -> {event.found}"


def place(topic: str, partition: int) -> str:
    """A topic, or one of its partitions, as people are told it."""
    return topic if partition < 0 else f"{topic}:{partition}"


def _envelope(item: Envelope) -> dict[str, Any]:
    return {
        "event_id": item.meta.event_id,
        "partition": item.record.partition or 0,
        "offset": item.record.offset or 0,
        "at": item.meta.time,
        "tenant": storable(item.meta.tenant),
        "actor": storable(item.meta.actor),
        "source": storable(item.meta.source),
        "trace_id": trace_of(item.meta.traceparent),
        "correlation_id": item.meta.correlation_id,
    }


def _of_topic(
    about: dict[str, Any], event: AuditedTopicChanged | AuditedTopicRestored, action: str, reason: str
) -> Entry:
    return Entry(
        **about,
        action=action,
        kind="topic",
        entity=storable(event.topic),
        outcome=Outcome.FAILED if action == CHANGED else Outcome.DONE,
        status=None,
        reason=storable(reason),
        network="",
        address_mark="",
        agent="none",
        query_mark="",
        documents=[],
        document_ids=[],
        document_count=0,
        left_out=0,
    )
