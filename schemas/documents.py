"""What happened to a document as a whole, in order of its life."""

from collections.abc import Mapping
from uuid import UUID

from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import DOCUMENTS


@event(topic=DOCUMENTS)
class DocumentSubmitted(DocumentEvent):
    """A version was accepted and is to be worked on."""

    version: int
    job_id: UUID
    file_name: Personal[str]
    title: Personal[str | None]
    metadata: Personal[Mapping[str, str]]
    blob: str
    size_bytes: int
    source: str
    lane: str


@event(topic=DOCUMENTS)
class DocumentUnchanged(DocumentEvent):
    """The submitted content is what the active version already holds: nothing to do."""

    version: int
    job_id: UUID


@event(topic=DOCUMENTS)
class CommandRejected(DocumentEvent):
    """A command was decided against."""

    job_id: UUID
    command: str
    code: str
    reason: str


@event(topic=DOCUMENTS)
class DocumentExtracted(DocumentEvent):
    """The version was checked, its text extracted, scrubbed of personal data and stored as a claim check."""

    version: int
    job_id: UUID
    media_type: str
    title: Personal[str | None]
    text_blob: str
    characters: int
    pages: int | None
    findings: Mapping[str, int]


@event(topic=DOCUMENTS)
class DocumentRefused(DocumentEvent):
    """The version was refused for good; an earlier version stays as it was."""

    version: int
    job_id: UUID
    code: str
    reason: str


@event(topic=DOCUMENTS)
class DocumentChunked(DocumentEvent):
    """All batches of the version's chunks are on the log; these are their totals."""

    version: int
    job_id: UUID
    chunks: int
    batches: int
    tokens: int


@event(topic=DOCUMENTS)
class DocumentIndexed(DocumentEvent):
    """The version is whole on the log: from here on it is the one that search sees."""

    version: int
    job_id: UUID
    chunks: int
    batches: int
    model: str
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


@event(topic=DOCUMENTS)
class DocumentDeleted(DocumentEvent):
    """The document is gone with every version up to this one; `jobs` are those that had brought the versions."""

    version: int
    job_id: UUID
    jobs: tuple[UUID, ...]
    reason: Personal[str]


@event(topic=DOCUMENTS)
class DocumentPurged(DocumentEvent):
    """The stored bytes of a deleted document were released; a blob that others share stays for them."""

    version: int
    job_id: UUID
    blobs_removed: int
    blobs_shared: int


@event(topic=DOCUMENTS)
class DocumentRequested(DocumentEvent):
    """What lies at this address is to be fetched, and becomes a version when it is there."""

    job_id: UUID
    url: Personal[str]
    title: Personal[str | None]
    metadata: Personal[Mapping[str, str]]
    lane: str


@event(topic=DOCUMENTS)
class DocumentFetched(DocumentEvent):
    """The content behind an address is stored; `url` is where the redirects ended."""

    job_id: UUID
    url: Personal[str]
    file_name: Personal[str]
    title: Personal[str | None]
    metadata: Personal[Mapping[str, str]]
    blob: str
    size_bytes: int
    lane: str


@event(topic=DOCUMENTS)
class JobCancelled(DocumentEvent):
    """The job was ended on request. `version` is what it was bringing, 0 while it had none.

    A version whose `DocumentIndexed` lies before this in the log stays: the first of the two counts.
    """

    version: int
    job_id: UUID
    reason: Personal[str]


@event(topic=DOCUMENTS)
class VersionRolledBack(DocumentEvent):
    """What a cancelled job had stored was released; a blob that others share stays for them."""

    version: int
    job_id: UUID
    blobs_removed: int
    blobs_shared: int


@event(topic=DOCUMENTS)
class DocumentDeadLettered(DocumentEvent):
    """A record of the document ended in the dead letters; `letter` is its place there, as `topic:partition:offset`.

    Final unless somebody redrives it. `version` is 0 where the record names none.
    """

    version: int
    job_id: UUID
    step: str
    code: str
    category: str
    fingerprint: str
    attempts: int
    letter: str


@event(topic=DOCUMENTS)
class DocumentErased(DocumentEvent):
    """The document was forgotten with every version up to this one; its key is destroyed after this.

    `jobs` are those that were in work for it and end with this.
    """

    version: int
    erasure_id: UUID
    jobs: tuple[UUID, ...]
