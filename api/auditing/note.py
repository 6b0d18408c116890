"""What is found out about a request while it is served: who asks, which commands it published, why."""

from collections.abc import Iterable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from uuid import UUID

from muniment.schemas.audit import HOUSE, NOBODY, DocumentTouched
from muniment.schemas.event import DocumentEvent, Event

_DOCUMENTS = ("document_ids", "added", "removed")
"""The fields of commands about other things that name documents."""


@dataclass
class Note:
    """Filled in by the parts that know, read when the answer begins.

    Attributes:
        tenant: Of the caller's key, `HOUSE` as long as there is none.
        actor: Who asks, `NOBODY` as long as that is not known.
        entity: What it is about, for routes whose address does not say so.
        command_id: Of the first command that was published.
        reason: The one given for it, when that is about the house.
        query: The words that were searched for; they leave this process only as a mark.
        documents: What was shown or changed, as far as the answer itself does not say so.

    """

    tenant: str = HOUSE
    actor: str = NOBODY
    entity: str = ""
    command_id: UUID | None = None
    reason: str = ""
    query: str = ""
    documents: list[DocumentTouched] = field(default_factory=list)

    def asked_by(self, tenant: str, actor: str) -> None:
        """Whose key it is."""
        self.tenant, self.actor = tenant, actor

    def published(self, command_id: UUID) -> None:
        """A command of this request is on the log, or as good as."""
        self.command_id = self.command_id or command_id

    def repeats(self, command_id: UUID, document_id: UUID) -> None:
        """The request was carried out before, by that command about that document."""
        self.published(command_id)
        self.concerns([document_id])
        self.entity = self.entity or str(document_id)

    def concerns(self, documents: Iterable[UUID]) -> None:
        """These documents are what the request is about."""
        self.documents += [DocumentTouched(one, None, ()) for one in documents]

    def asks(self, command: Event) -> None:
        """A command of this request is about to go to the log."""
        if any(name == "reason" for name, _ in command.declaration.clear):
            self.reason = self.reason or str(getattr(command, "reason", ""))
        if isinstance(command, DocumentEvent):
            self.concerns([command.document_id])
        for name in _DOCUMENTS:
            self.concerns(getattr(command, name, ()))
        self.entity = self.entity or command.key


_NOTE: ContextVar[Note | None] = ContextVar("muniment_audit_note", default=None)


def note() -> Note:
    """The note of the request that is served here and now; one that nobody reads when there is none."""
    return _NOTE.get() or Note()


def noting() -> tuple[Note, Token[Note | None]]:
    """A new note for one request, and the token with which `noted` ends it."""
    made = Note()
    return made, _NOTE.set(made)


def noted(token: Token[Note | None]) -> None:
    """The request is over."""
    _NOTE.reset(token)
