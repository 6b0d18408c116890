"""The fold of one document, pure.

Repeats change nothing, and a record that comes late (a dead letter lies on another topic than the document's facts)
ends in the same rows as one that comes early: a status only ever moves up its ladder, the active version is the
highest indexed one beyond any deletion, and a deletion up to a version wins over whatever is said of it later.
Whether a version was indexed or cancelled is what the log says first: the other one then changes nothing.
"""

from datetime import datetime
from typing import Any

from muniment.projections.changed import changed
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
    before = document.versions.get(number) or Version(document.head.tenant, document.head.document_id, number)
    after = _told(before, event, at)
    if after is None or after == document.versions.get(number):
        # Nothing of this step, or a repeat, which has a time of its own and nothing else to say.
        return document
    after = changed(after, updated_at=_later(before.updated_at, at))
    versions = {**document.versions, number: after}
    return _settled(changed(document, versions=versions), at)


def fail(document: Document, failure: Failure) -> Document:
    """The document after one of its jobs ended as a dead letter."""
    first = document.failures.get(failure.job_id)
    kept = failure if first is None else min(first, failure, key=lambda f: (f.failed_at, f.place, f.code, f.error))
    return _settled(changed(document, failures={**document.failures, failure.job_id: kept}), kept.failed_at)


def _told(version: Version, event: Event, at: datetime) -> Version | None:  # noqa: PLR0911 - one answer an event
    match event:
        case DocumentSubmitted():
            return _submitted(version, event, at)
        case DocumentExtracted():
            return changed(
                _up(version, "extracted"),
                media_type=event.media_type,
                title=version.title if version.title is not None else shown_text(event.title),
                text_blob=event.text_blob,
                characters=event.characters,
                pages=event.pages,
                findings=dict(event.findings),
            )
        case DocumentChunked():
            tokens = version.tokens if version.indexed_at else event.tokens
            return changed(_up(version, "chunked"), chunks=event.chunks, tokens=tokens)
        case DocumentRefused() if version.status != "cancelled":
            return changed(_up(version, "refused"), code=event.code, reason=event.reason)
        case JobCancelled() if _RANK[version.status] < _RANK["cancelled"]:
            return changed(_up(version, "cancelled"), code=CANCELLED, reason=shown_text(event.reason))
        case DocumentIndexed() if version.status != "cancelled":
            return changed(
                _up(version, "indexed"),
                chunks=event.chunks,
                tokens=event.tokens,
                cost_micros=event.cost_micros,
                embedded=event.embedded,
                reused=event.reused,
                model=event.model,
                indexed_at=version.indexed_at or at,
                code=None,
                reason=None,
            )
        case _:
            return None


def _submitted(version: Version, event: DocumentSubmitted, at: datetime) -> Version:
    title = shown_text(event.title)
    return changed(
        version,
        job_id=event.job_id,
        file_name=shown_text(event.file_name),
        title=title if title is not None else version.title,
        metadata=shown_mapping(event.metadata),
        blob=event.blob,
        size_bytes=event.size_bytes,
        source=event.source,
        lane=event.lane,
        submitted_at=version.submitted_at or at,
    )


def _up(version: Version, status: str) -> Version:
    return changed(version, status=max(version.status, status, key=_RANK.__getitem__))


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
    return _settled(changed(document, head=head, versions={**document.versions, **gone}), at)


def _settled(document: Document, at: datetime) -> Document:
    """Derive what depends on several versions."""
    head, versions = document.head, dict(document.versions)
    for number, version in versions.items():
        failure = document.failures.get(version.job_id) if version.job_id else None
        if failure and _RANK[version.status] <= _RANK["failed"]:
            versions[number] = changed(version, status="failed", code=failure.code, reason=failure.error)
    indexed = [n for n, v in versions.items() if v.status == "indexed"]
    active = max([*indexed, head.active_version or 0]) or None
    for number in indexed:
        if number != active:
            versions[number] = _up(versions[number], "superseded")
    latest = max([head.latest_version, *versions])
    head = changed(head, active_version=active, latest_version=latest, updated_at=_later(head.updated_at, at))
    return changed(document, head=_described(head, versions), versions=versions)


def _described(head: Head, versions: dict[int, Version]) -> Head:
    if not head.latest_version:
        return head
    if head.latest_version <= head.deleted_up_to:
        emptied = {k: v for k, v in EMPTIED.items() if k in _DESCRIPTION}
        return changed(head, status="deleted", indexed_at=None, **emptied)
    shown = versions[head.active_version or head.latest_version]
    known = [t for t in (head.created_at, shown.submitted_at) if t]
    return changed(
        head,
        status=shown.status,
        created_at=min(known) if known else None,
        indexed_at=shown.indexed_at,
        **{name: getattr(shown, name) for name in _DESCRIPTION},
    )


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
