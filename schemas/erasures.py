"""Erasures: destroying the keys of what must be forgotten, and removing every readable copy of it.

GDPR Art. 17, by crypto-shredding: personal payloads lie on the log sealed under a key a document; the log stays as it
is, the key goes. Nothing here is sealed, so nothing here may be personal: a person is named by `subject`, an HMAC under
the tenant's secret, and reasons are kept in clear.
"""

from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.topics import COMMANDS_ERASURES, ERASURES


@event(topic=COMMANDS_ERASURES, command=True, key="erasure_id")
class RequestErasure(Event):
    """Erase these documents and, where a subject is named, all that belong to that person.

    `origin` is `request` or `retention`; `confirmations` is how many others have to agree first (0 or 1).
    """

    erasure_id: UUID
    subject: str | None
    document_ids: tuple[UUID, ...]
    reason: str
    origin: str
    confirmations: int


@event(topic=COMMANDS_ERASURES, command=True, key="erasure_id")
class ConfirmErasure(Event):
    """A second person agrees that this be erased."""

    erasure_id: UUID
    reason: str


@event(topic=COMMANDS_ERASURES, command=True, key="erasure_id")
class RejectErasure(Event):
    """Somebody does not agree: nothing is erased."""

    erasure_id: UUID
    reason: str


@event(topic=ERASURES, key="erasure_id")
class ErasureRequested(Event):
    """An erasure was asked for; it waits for `confirmations` others to agree."""

    erasure_id: UUID
    subject: str | None
    document_ids: tuple[UUID, ...]
    reason: str
    origin: str
    confirmations: int


@event(topic=ERASURES, key="erasure_id")
class ErasureConfirmed(Event):
    """The erasure is to be carried out; there is no way back."""

    erasure_id: UUID
    reason: str


@event(topic=ERASURES, key="erasure_id")
class ErasureRejected(Event):
    """The erasure will not be carried out."""

    erasure_id: UUID
    reason: str


@event(topic=ERASURES, key="erasure_id")
class ErasureCommandRejected(Event):
    """A command about an erasure was decided against; the erasure stays as it was."""

    erasure_id: UUID
    command: str
    code: str
    reason: str


@event(topic=ERASURES, key="erasure_id")
class KeysDestroyed(Event):
    """The data keys of these documents are gone: what lies sealed under them on the log cannot be read any more."""

    erasure_id: UUID
    document_ids: tuple[UUID, ...]
    keys: int


@event(topic=ERASURES, key="erasure_id")
class StoreErased(Event):
    """One store has removed what it held of the documents.

    `removed` counts what `store` calls its things (rows, files, blobs), `kept` those that another document shares;
    `note` says what a reader of the receipt has to know.
    """

    erasure_id: UUID
    store: str
    removed: int
    kept: int
    note: str


@event(topic=ERASURES, key="erasure_id")
class ErasureCompleted(Event):
    """Every store has reported. `receipt` is the signed text (canonical JSON, RFC 8785), `receipt_hash` its SHA-256."""

    erasure_id: UUID
    documents: int
    keys: int
    receipt: str
    receipt_hash: str
    key_id: str
    signature: bytes
