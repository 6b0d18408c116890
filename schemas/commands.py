"""Requests to change a document. A command's id is its job's id and the correlation id of all that follows."""

from collections.abc import Mapping
from uuid import UUID

from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import COMMANDS_DOCUMENTS


@event(topic=COMMANDS_DOCUMENTS, command=True)
class SubmitDocument(DocumentEvent):
    """Take in this content as the document, or as its next version."""

    file_name: Personal[str]
    title: Personal[str | None]
    metadata: Personal[Mapping[str, str]]
    blob: str
    size_bytes: int
    source: str
    lane: str


@event(topic=COMMANDS_DOCUMENTS, command=True)
class DeleteDocument(DocumentEvent):
    """Remove the document with all its versions from everything that can be read."""

    reason: Personal[str]


@event(topic=COMMANDS_DOCUMENTS, command=True)
class SubmitUrl(DocumentEvent):
    """Fetch what lies at this address and take it in as the document, or as its next version."""

    url: Personal[str]
    title: Personal[str | None]
    metadata: Personal[Mapping[str, str]]
    lane: str


@event(topic=COMMANDS_DOCUMENTS, command=True)
class CancelJob(DocumentEvent):
    """End this job of the document before it is done; what it has done so far goes away."""

    job_id: UUID
    reason: Personal[str]


@event(topic=COMMANDS_DOCUMENTS, command=True)
class EraseDocument(DocumentEvent):
    """Forget the document with all its versions, and with them whatever is in work for it."""

    erasure_id: UUID
