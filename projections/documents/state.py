"""What is known of a document and its versions: the rows, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Version:
    """One version of a document, a row of `versions`.

    `status` is the furthest it came: submitted, extracted, chunked, failed, refused, cancelled, indexed, superseded,
    deleted.
    `cost_micros` is millionths of the currency unit; `text_blob` and `blob` are references into the blob store.
    `from_at` and `from_place` are the moment (see `projections.validity`) since which the row says this.
    """

    tenant: str
    document_id: UUID
    version: int
    status: str = "submitted"
    job_id: UUID | None = None
    code: str | None = None
    reason: str | None = None
    title: str | None = None
    file_name: str | None = None
    media_type: str | None = None
    blob: str | None = None
    text_blob: str | None = None
    size_bytes: int | None = None
    characters: int | None = None
    pages: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    source: str | None = None
    lane: str | None = None
    chunks: int | None = None
    tokens: int | None = None
    cost_micros: int | None = None
    embedded: int | None = None
    reused: int | None = None
    model: str | None = None
    submitted_at: datetime | None = None
    indexed_at: datetime | None = None
    updated_at: datetime | None = None
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class Head:
    """A document as a whole, a row of `documents`; what describes it is that of the active, else the latest version.

    `active_version` is the one search sees; versions up to `deleted_up_to` are gone. `from_at` and `from_place` are the
    moment since which the row says this, `ordered_at` is the latest time of any fact of the document: its facts lie in
    one partition, and none counts as earlier than the one before it. Of what was before `erased_at` nothing is kept.
    """

    tenant: str
    document_id: UUID
    status: str = "unknown"
    active_version: int | None = None
    latest_version: int = 0
    deleted_up_to: int = 0
    title: str | None = None
    file_name: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    characters: int | None = None
    pages: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    source: str | None = None
    lane: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    indexed_at: datetime | None = None
    deleted_at: datetime | None = None
    from_at: datetime | None = None
    from_place: str | None = None
    ordered_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True)
class Failure:
    """A job that ended as a dead letter, a row of `failures`: its version may still be unknown.

    `place` is where the dead letter lies, as in a moment.
    """

    tenant: str
    document_id: UUID
    job_id: UUID
    code: str
    error: str
    failed_at: datetime
    place: str = ""


@dataclass(frozen=True)
class Document:
    """What the fold works on: the head, and those versions that a batch can touch."""

    head: Head
    versions: Mapping[int, Version] = field(default_factory=dict)
    failures: Mapping[UUID, Failure] = field(default_factory=dict)
