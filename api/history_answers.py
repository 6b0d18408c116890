"""The shapes of histories. What a field is called here is public and stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from muniment.api.answers import DOCUMENT_ID, JOB_ID, MOMENT, Answer

EVENT_ID = "5b6d1f0a-52a7-5a0e-9a3b-2f9c1e7d4b60"
_PLACE = "muniment.documents:3:42"
EXAMPLE: dict[str, Any] = {
    "position": _PLACE,
    "at": MOMENT,
    "event": "DocumentIndexed",
    "event_id": EVENT_ID,
    "document_id": DOCUMENT_ID,
    "project_id": None,
    "episode_id": None,
    "draft_id": None,
    "job_id": JOB_ID,
    "actor": "key:4fk2m0x7c1ab",
    "source": "muniment.indexing",
    "reason": None,
    "causes": [{"event_id": JOB_ID, "event": "SubmitDocument", "position": "muniment.commands.documents:3:7"}],
    "changes": [
        {"of": "document", "field": "status", "before": "chunked", "after": "indexed"},
        {"of": "version 1", "field": "chunks", "before": None, "after": 5},
    ],
}


class Cause(Answer):
    """An event that led to another."""

    event_id: UUID
    event: str
    position: str


class Change(Answer):
    """What an event changed; `of` says of what: `document`, `version 2`, `job`."""

    of: str
    field: str
    before: Any = Field(default=None, description="`null` is nothing")
    after: Any = None


class HistoryEntry(Answer):
    """An event: when, what, who, why, and what it changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    position: str = Field(description="Where it lies on the log; what `as_of` takes")
    at: datetime
    event: str
    event_id: UUID
    document_id: UUID | None = Field(default=None, description="`null` where it is about a project")
    project_id: UUID | None = None
    episode_id: UUID | None = None
    draft_id: UUID | None = None
    job_id: UUID
    actor: str | None = Field(default=None, description="Who asked for the job that it belongs to")
    source: str = Field(description="Which part said so")
    reason: str | None = Field(
        default=None, description="Why, where the event says so; `[redacted]` once the document was erased"
    )
    causes: list[Cause] = Field(description="What it followed from, the nearest first, as far back as the command")
    changes: list[Change] = Field(description="The state before against the state after; empty after an erasure")


class Histories(Answer):
    """A part of a history, in the order of the log."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None}]})

    items: list[HistoryEntry]
    next_cursor: str | None = None
