"""What a step could have been at work on: an event, and a record that waits for its retry."""

from datetime import UTC, datetime
from uuid import uuid4

from muniment.schemas.codec import encode
from muniment.schemas.documents import DocumentIndexed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import DOCUMENTS, RETRY_DELAYS_S, RETRY_TIERS


def indexed() -> DocumentIndexed:
    """The end of a document of its own."""
    document_id = uuid4()
    return DocumentIndexed(
        document_id=document_id,
        version=1,
        job_id=document_id,
        chunks=1,
        batches=1,
        model="none",
        tokens=0,
        cost_micros=0,
        embedded=0,
        reused=1,
    )


def waiting(tenant: str, step: str, tier: int, number: int) -> Record:
    """A record as a step puts it into a tier after its last failure there, due when the tier's delay has passed."""
    event, now = indexed(), datetime.now(UTC)
    due_ms = int((now.timestamp() + RETRY_DELAYS_S[tier]) * 1000)
    place = Position(DOCUMENTS.name, 0, number)
    state = RetryState(step, tier + 1, 0, due_ms, due_ms, place, ErrorCode.UNEXPECTED, "a measurement")
    event_id = uuid4()
    meta = Metadata(event_id, tenant, event_id, event_id, whole_millis(now), "muniment.bench")
    return encode(event, meta, None).with_headers(state.to_headers()).to(RETRY_TIERS[tier].name)
