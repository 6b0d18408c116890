"""From what is known of a request and its answer to an entry of the trail. Pure: time, id and secret are arguments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from muniment.api.auditing import marks
from muniment.api.auditing.touched import bounded
from muniment.schemas.audit import ActionAudited, DocumentTouched, Outcome
from muniment.schemas.codec import encode
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.record import Record

LONGEST = 500
"""Most characters of a name or a reason in an entry."""
_DENIED = (401, 403)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, from where, and what for.

    Attributes:
        tenant: Of the caller's key, or the house.
        actor: Who asked.
        source: The part that enters it, as `muniment.api`.
        action: What for.
        kind: What sort of thing it is about.
        entity: Its name.
        reason: Why, where it is about the house.
        address: The caller's address as it was seen, whole; it ends here.
        user_agent: What the caller's program says it is; it ends here.
        query: The words searched for; they end here.
        traceparent: The trace of the request.

    """

    tenant: str
    actor: str
    source: str
    action: str
    kind: str = ""
    entity: str = ""
    reason: str = ""
    address: str = ""
    user_agent: str = ""
    query: str = ""
    traceparent: str = ""


def outcome_of(status: int) -> Outcome:
    """What an HTTP status says came of it."""
    if status in _DENIED:
        return Outcome.DENIED
    if status >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
        return Outcome.FAILED
    return Outcome.REFUSED if status >= 400 else Outcome.DONE  # noqa: PLR2004 - RFC 9110, 15.5


def entry(
    asked: Asked,
    outcome: Outcome,
    *,
    event_id: UUID,
    now: datetime,
    secret: bytes | None = None,
    status: int | None = None,
    documents: Iterable[DocumentTouched] = (),
    left_out: int = 0,
    caused_by: UUID | None = None,
) -> Record:
    """The record of an entry. `secret` is the tenant's, for the marks; `caused_by` the command that was published."""
    named, count = bounded(documents)
    address = marks.plain_address(asked.address)
    event = ActionAudited(
        action=asked.action,
        actor=asked.actor,
        kind=asked.kind,
        entity=asked.entity[:LONGEST],
        outcome=outcome,
        status=status,
        reason=asked.reason[:LONGEST],
        network=marks.network(asked.address),
        address_mark=marks.mark(secret, marks.ADDRESS, address) if secret and address else "",
        agent=marks.agent(asked.user_agent),
        query_mark=marks.mark(secret, marks.QUERY, asked.query) if secret and asked.query else "",
        documents=named,
        document_count=count,
        left_out=left_out,
    )
    meta = Metadata(
        event_id=event_id,
        tenant=asked.tenant,
        correlation_id=caused_by or event_id,
        causation_id=caused_by or event_id,
        time=whole_millis(now),
        source=asked.source,
        traceparent=asked.traceparent,
        actor=asked.actor,
    )
    return encode(event, meta, None)
