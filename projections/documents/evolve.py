"""The fold of one document, pure.

Repeats change nothing, and a record that comes late (a dead letter lies on another topic than the document's facts)
ends in the same rows as one that comes early: a status only ever moves up its ladder, the active version is the
highest indexed one beyond any deletion, and a deletion up to a version wins over whatever is said of it later.
Whether a version was indexed or cancelled is what the log says first: the other one then changes nothing.
"""

from datetime import datetime
from operator import attrgetter
from typing import Any

from muniment.projections.changed import changed, says
from muniment.projections.documents.state import Document, Failure, Head, Version
from muniment.projections.rows import shown_mapping, shown_text
from muniment.schemas.documents import (
    DocumentChunked,
    DocumentDeleted,
    DocumentErased,
    DocumentExtracted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.event import Event

LADDER = ("submitted", "extracted", "chunked", "failed", "refused", "cancelled", "indexed", "superseded", "deleted")
_RANK = {status: rank for rank, status in enumerate(LADDER)}
_DESCRIPTION = (
    "title", "file_name", "media_type", "size_bytes", "characters", "pages", "metadata", "findings", "source", "lane",
)  # fmt: skip
_described_by = attrgetter(*_DESCRIPTION)
CANCELLED = "job_cancelled"
"""The code of a version whose job was cancelled."""
EMPTIED: dict[str, Any] = {
    "title": None,
    "file_name": None,
    "metadata": {},
    "findings": {},
    "code": None,
    "reason": None,
}
"""What a deletion takes out of a version, and with it out of the document: a dead letter may be read before or after
it, so why the version had failed goes, too."""


def evolve(document: Document, event: Event, at: datetime) -> Document:
    """The document after an event that was recorded at `at`."""
    if isinstance(event, DocumentDeleted | DocumentErased):
        return _deleted(document, event.version, at)
    number = getattr(event, "version", 0)
    if number <= document.head.deleted_up_to:
        # What is said late of a deleted version must not bring its content back.
        return document
    known = document.versions.get(number)
    before = known or Version(document.head.tenant, document.head.document_id, number)
    told = _told(before, event, at)
    if told is None or (known is not None and says(known, told)):
        # Nothing of this step, or a repeat, which has a time of its own and nothing else to say.
        return document
    after = changed(before, **told, updated_at=_later(before.updated_at, at))
    return _settled(document, {**document.versions, number: after}, at)


def fail(document: Document, failure: Failure) -> Document:
    """The document after one of its jobs ended as a dead letter."""
    first = document.failures.get(failure.job_id)
    kept = failure if first is None else min(first, failure, key=lambda f: (f.failed_at, f.place, f.code, f.error))
    failed = changed(document, failures={**document.failures, failure.job_id: kept})
    return _settled(failed, dict(document.versions), kept.failed_at)


def _told(version: Version, event: Event, at: datetime) -> dict[str, Any] | None:  # noqa: PLR0911 - one an event
    """What an event says of a version, by column."""
    match event:
        case DocumentSubmitted():
            return _submitted(version, event, at)
        case DocumentExtracted():
            return {
                "status": _up(version, "extracted"),
                "media_type": event.media_type,
                "title": version.title if version.title is not None else shown_text(event.title),
                "text_blob": event.text_blob,
                "characters": event.characters,
                "pages": event.pages,
                "findings": dict(event.findings),
            }
        case DocumentChunked():
            tokens = version.tokens if version.indexed_at else event.tokens
            return {"status": _up(version, "chunked"), "chunks": event.chunks, "tokens": tokens}
        case DocumentRefused() if version.status != "cancelled":
            return {"status": _up(version, "refused"), "code": event.code, "reason": event.reason}
        case JobCancelled() if _RANK[version.status] < _RANK["cancelled"]:
            return {"status": _up(version, "cancelled"), "code": CANCELLED, "reason": shown_text(event.reason)}
        case DocumentIndexed() if version.status != "cancelled":
            return {
                "status": _up(version, "indexed"),
                "chunks": event.chunks,
                "tokens": event.tokens,
                "cost_micros": event.cost_micros,
                "embedded": event.embedded,
                "reused": event.reused,
                "model": event.model,
                "indexed_at": version.indexed_at or at,
                "code": None,
                "reason": None,
            }
        case _:
            return None


def _submitted(version: Version, event: DocumentSubmitted, at: datetime) -> dict[str, Any]:
    title = shown_text(event.title)
    return {
        "job_id": event.job_id,
        "file_name": shown_text(event.file_name),
        "title": title if title is not None else version.title,
        "metadata": shown_mapping(event.metadata),
        "blob": event.blob,
        "size_bytes": event.size_bytes,
        "source": event.source,
        "lane": event.lane,
        "submitted_at": version.submitted_at or at,
    }


def _up(version: Version, status: str) -> str:
    """The status of a version that has come so far: it only ever moves up its ladder."""
    return max(version.status, status, key=_RANK.__getitem__)


def _deleted(document: Document, up_to: int, at: datetime) -> Document:
    head = document.head
    up_to = max(up_to, head.deleted_up_to)
    gone = {n: changed(v, status="deleted", **EMPTIED) for n, v in document.versions.items() if n <= up_to}
    active = head.active_version if head.active_version and head.active_version > up_to else None
    head = changed(
        head,
        deleted_up_to=up_to,
        latest_version=max(head.latest_version, up_to),
        active_version=active,
        deleted_at=head.deleted_at if up_to == head.deleted_up_to and head.deleted_at else at,
        created_at=head.created_at or at,
    )
    return _settled(changed(document, head=head), {**document.versions, **gone}, at)


def _settled(document: Document, versions: dict[int, Version], at: datetime) -> Document:
    """The document with these versions, which are its own from here on, and what depends on several of them."""
    head = document.head
    for number, version in versions.items() if document.failures else ():
        failure = document.failures.get(version.job_id) if version.job_id else None
        if failure and _RANK[version.status] <= _RANK["failed"]:
            versions[number] = changed(version, status="failed", code=failure.code, reason=failure.error)
    indexed = [n for n, v in versions.items() if v.status == "indexed"]
    active = max([*indexed, head.active_version or 0]) or None
    for number in indexed:
        if number != active:
            versions[number] = changed(versions[number], status=_up(versions[number], "superseded"))
    latest = max([head.latest_version, *versions])
    described = _described(head, versions, active, latest)
    updated_at = _later(head.updated_at, at)
    head = changed(head, active_version=active, latest_version=latest, updated_at=updated_at, **described)
    return changed(document, head=head, versions=versions)


def _described(head: Head, versions: dict[int, Version], active: int | None, latest: int) -> dict[str, Any]:
    if not latest:
        return {}
    if latest <= head.deleted_up_to:
        emptied = {k: v for k, v in EMPTIED.items() if k in _DESCRIPTION}
        return {"status": "deleted", "indexed_at": None, **emptied}
    shown = versions[active or latest]
    known = [t for t in (head.created_at, shown.submitted_at) if t]
    description = dict(zip(_DESCRIPTION, _described_by(shown), strict=True))
    created_at = min(known) if known else None
    return {"status": shown.status, "created_at": created_at, "indexed_at": shown.indexed_at, **description}


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
