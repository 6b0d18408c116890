"""The shapes of requests and answers about erasures. What a field is called here is public and stays."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from muniment.api.answers import DOCUMENT_ID, MOMENT, TOKEN, Answer
from muniment.api.texts import Reason, Subject
from muniment.projections.erasures.queries import ErasureRow

ERASURE_ID = "01970f61-2b3c-7d4e-8f60-1a2b3c4d5e6f"
MAX_DOCUMENTS = 1000
_NAMED: JsonValue = [{"required": ["subject"]}, {"required": ["document_ids"]}]


class ErasureScope(BaseModel):
    """Whose data, or which documents."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"anyOf": _NAMED, "examples": [{"subject": "person-4711"}]}
    )

    subject: Subject = Field(default="", description="The person, as named when their documents were submitted")
    document_ids: list[UUID] = Field(
        default_factory=list, min_length=1, max_length=MAX_DOCUMENTS, description="Documents, whoever they are about"
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.subject and not self.document_ids:
            raise ValueError("name a subject, or at least one document")
        return self


class EraseRequest(ErasureScope, Reason):
    """Whose data, or which documents, are to be erased, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"anyOf": _NAMED, "examples": [{"subject": "person-4711", "reason": "asked by letter"}]},
    )


class ScriptLost(Answer):
    """An episode of which a script would go. It stays as the version that it is, without a word of text."""

    project_id: UUID
    episode_id: UUID
    title: str = Field(description="Of the episode", examples=["The harbour in winter"])
    draft_id: UUID
    number: int = Field(description="The newest version of the script that would go", examples=[3])
    current: bool = Field(description="Whether it is the episode's script as it is now")


class ErasurePreview(Answer):
    """What an erasure would take, as far as it is known by now."""

    documents: list[UUID] = Field(examples=[[DOCUMENT_ID]])
    drafts: list[UUID] = Field(
        description="Drafts that go back to these documents and, of a person, what they asked for or made, and what "
        "others made of that",
        examples=[[DOCUMENT_ID]],
    )
    scripts: list[ScriptLost] = Field(description="Of which episodes one of these drafts is a script")


class ErasureOrdered(Answer):
    """A request about an erasure is on the log."""

    erasure_id: UUID = Field(examples=[ERASURE_ID])
    position: str = Field(
        description="Send it as `Muniment-Position` with a read that has to see this change", examples=[TOKEN]
    )


class StoreReport(Answer):
    """What one store removed; `kept` is what another document shares."""

    store: str = Field(examples=["search texts"])
    removed: int
    kept: int
    note: str
    at: datetime = Field(examples=[MOMENT])


class Refusal(Answer):
    """A request about the erasure that was decided against."""

    command: str = Field(examples=["ConfirmErasure"])
    code: str = Field(examples=["confirmed_by_requester"])
    reason: str
    actor: str
    at: datetime = Field(examples=[MOMENT])


class ErasureSummary(Answer):
    """An erasure: who asked for it, who agreed, how far it is."""

    erasure_id: UUID = Field(examples=[ERASURE_ID])
    status: str = Field(description="`requested`, `rejected`, `confirmed`, `erasing` or `completed`")
    subject: str | None = Field(description="What stands for the person: a keyed hash")
    document_ids: list[UUID] = Field(description="Those named in the request", examples=[[DOCUMENT_ID]])
    reason: str
    origin: str = Field(description="`request` or `retention`")
    requested_by: str
    requested_at: datetime = Field(examples=[MOMENT])
    needs_confirmation: bool = Field(description="Somebody else than who asked has to agree first")
    decided_by: str | None
    decided_at: datetime | None
    decided_reason: str | None
    documents: list[UUID] | None = Field(description="All that it is about, once their keys are gone")
    keys_destroyed: int | None
    keys_destroyed_at: datetime | None
    completed_at: datetime | None
    receipt_hash: str | None = Field(description="SHA-256 of the receipt")


class ErasureAnswer(ErasureSummary):
    """An erasure with what each store has removed so far."""

    stores: list[StoreReport]
    refusals: list[Refusal]


class ErasureList(Answer):
    """The newest erasures, at most 200."""

    items: list[ErasureSummary]


class ReceiptAnswer(Answer):
    """The signed receipt. `text` is what was signed, byte for byte; `receipt` is the same, parsed."""

    erasure_id: UUID = Field(examples=[ERASURE_ID])
    text: str
    sha256: str
    key_id: str
    signature: str = Field(description="Ed25519 over the purpose and `text`, base64")
    purpose: str = Field(examples=["erasure-receipt"])
    receipt: dict[str, Any]


def summary(row: ErasureRow) -> dict[str, Any]:
    """The fields of a summary."""
    return {
        "erasure_id": row.erasure_id,
        "status": row.status,
        "subject": row.subject,
        "document_ids": list(row.document_ids),
        "reason": row.reason,
        "origin": row.origin,
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "needs_confirmation": row.confirmations > 0 and row.status == "requested",
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "decided_reason": row.decided_reason,
        "documents": None if row.documents is None else list(row.documents),
        "keys_destroyed": row.keys,
        "keys_destroyed_at": row.keys_destroyed_at,
        "completed_at": row.completed_at,
        "receipt_hash": row.receipt_hash,
    }


def answer(row: ErasureRow) -> ErasureAnswer:
    """The whole answer."""
    stores = [StoreReport.model_validate(one) for one in row.stores]
    refusals = [Refusal.model_validate(one) for one in row.refusals]
    return ErasureAnswer(**summary(row), stores=stores, refusals=refusals)
