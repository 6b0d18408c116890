"""What the trail has of erasures beside the requests for them: retention's own, and keys that are gone. Pure.

Whoever asks what showed or changed a document has to find its end, too: a request that names a person names no
document, and what retention asks for nobody requests over HTTP.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from muniment.schemas.audit import MOST_DOCUMENTS, ActionAudited, DocumentTouched, Outcome
from muniment.schemas.codec import encode
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.record import Record
from muniment.stream_apps.erasing.store import UnderWay

REQUESTED = "erasure.request"
"""As when somebody asks for it (`muniment.api.auditing.table`)."""
KEYS_DESTROYED = "erasure.destroy_keys"
RETENTION, ERASING = "process:retention", "process:erasing"
_LONGEST = 500


def keys_destroyed(erasure: UnderWay, now: datetime) -> Iterator[Record]:
    """That the keys of all its documents are gone."""
    about = erasure.tenant, erasure.erasure_id
    why, trace = erasure.reason, erasure.traceparent
    return entries(KEYS_DESTROYED, ERASING, about, erasure.documents, reason=why, now=now, traceparent=trace)


def entries(
    action: str,
    actor: str,
    about: tuple[str, UUID],
    documents: Sequence[UUID],
    *,
    reason: str,
    now: datetime,
    traceparent: str = "",
) -> Iterator[Record]:
    """The entries of something that was done to documents in an erasure `about` (tenant, id); twice is once.

    As many as it takes to name every document: one that is left out could not be found by.
    """
    tenant, erasure_id = about
    for start in range(0, len(documents), MOST_DOCUMENTS):
        some = documents[start : start + MOST_DOCUMENTS]
        event = ActionAudited(
            action=action,
            actor=actor,
            kind="erasure",
            entity=str(erasure_id),
            outcome=Outcome.DONE,
            status=None,
            reason=reason[:_LONGEST],
            network="",
            address_mark="",
            agent="none",
            query_mark="",
            documents=tuple(DocumentTouched(one, None, ()) for one in some),
            document_count=len(some),
            left_out=0,
        )
        meta = Metadata(
            event_id=uuid5(erasure_id, f"trail/{action}/{start}"),
            tenant=tenant,
            correlation_id=erasure_id,
            causation_id=erasure_id,
            time=whole_millis(now),
            source="muniment.erasing",
            traceparent=traceparent,
            actor=actor,
        )
        yield encode(event, meta, None)
