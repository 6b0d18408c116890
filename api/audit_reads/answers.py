"""What auditors are answered."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from muniment.api.answers import DOCUMENT_ID, MOMENT, Answer
from muniment.projections.audit.entry import Entry
from muniment.schemas.record import Position
from muniment.schemas.topics import AUDIT


class Touched(Answer):
    """A document that was shown or changed."""

    document_id: UUID = Field(examples=[DOCUMENT_ID])
    version: int | None = None
    chunks: list[int] = Field(default_factory=list, description="Ordinals of the chunks that were shown")


class AuditEntry(Answer):
    """Somebody did something, and this came of it."""

    event_id: UUID
    position: str = Field(
        description="Where the entry lies on the log: what its proof is asked for by", examples=["muniment.audit:2:41"]
    )
    at: datetime = Field(examples=[MOMENT])
    tenant: str = Field(description="`muniment` for what is the house's", examples=["acme"])
    actor: str = Field(
        description="`key:<id>`, `cli:<user>`, `process:<name>`, or `unknown`", examples=["key:3kd0s9f1l2ab"]
    )
    action: str = Field(examples=["document.read"])
    kind: str = Field(description="What sort of thing it is about; empty for none in particular", examples=["document"])
    entity: str = Field(description="The thing's id or name", examples=[DOCUMENT_ID])
    outcome: str = Field(description="`begun`, `done`, `denied`, `refused` or `failed`", examples=["done"])
    status: int | None = Field(description="HTTP status of the answer", examples=[200])
    reason: str = Field(description="Why, where it is about the house")
    network: str = Field(description="The network of the caller's address", examples=["203.0.113.0/24"])
    agent: str = Field(description="`browser`, `muniment`, `library`, `tool`, `other` or `none`", examples=["browser"])
    query_mark: str = Field(
        description="Keyed mark of the words that were searched for: equal for equal words; the parameter `query` "
        "finds the entries of a guess"
    )
    trace_id: str
    correlation_id: UUID = Field(description="Of the command that was published: the id of its job or operation")
    documents: list[Touched] = Field(description="What was shown or changed, at most 100")
    document_count: int = Field(description="How many that were")
    left_out: int = Field(description="Denied requests like this one before it that have no entry of their own")


class AuditTrail(Answer):
    """A page of the trail, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


def audit_answer(entry: Entry) -> AuditEntry:
    """A row as an answer; marks of addresses stay where they are: nobody needs to see one."""
    return AuditEntry(
        event_id=entry.event_id,
        position=str(Position(AUDIT.name, entry.partition, entry.offset)),
        at=entry.at,
        tenant=entry.tenant,
        actor=entry.actor,
        action=entry.action,
        kind=entry.kind,
        entity=entry.entity,
        outcome=entry.outcome,
        status=entry.status,
        reason=entry.reason,
        network=entry.network,
        agent=entry.agent,
        query_mark=entry.query_mark,
        trace_id=entry.trace_id,
        correlation_id=entry.correlation_id,
        documents=[Touched(**one) for one in entry.documents],
        document_count=entry.document_count,
        left_out=entry.left_out,
    )
