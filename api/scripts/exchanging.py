"""The route that shows why a text says what it says: the whole exchange with the model, read from the log itself."""

import asyncio
import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from muniment.api.access import Auditor, may_audit
from muniment.api.answers import Answer
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.problems.docs import problems
from muniment.api.projects.described import READ_ONE
from muniment.api.script_reads import answers as told
from muniment.api.scripts.described import READ_MODEL, existing, scripts_of
from muniment.api.waiting import caught_up
from muniment.schemas.codec import Envelope
from muniment.schemas.personal import Redaction, shown
from muniment.schemas.record import Position
from muniment.schemas.scripts import DraftPrompted, DraftRequested, DraftRevised, DraftWritten

router = APIRouter(prefix="/v1/drafts", tags=["audit"])
known = caught_up(READ_MODEL, may_audit)


class Asked(Answer):
    """Who asked for the draft, and for what; of a revised one, who wrote it."""

    position: str = Field(description="Where it lies on the log: topic, partition, offset")
    at: datetime
    by: str
    brief: str | None
    document_ids: list[UUID]
    based_on: UUID | None


class Prompted(Answer):
    """What the model was asked: all of it, the passages included."""

    position: str
    at: datetime
    attempt: int
    provider: str
    model: str
    template: str
    template_version: int
    max_tokens: int
    temperature: float
    seed: int | None
    prompt_tokens: int
    memory_tokens: int
    window_tokens: int
    memory_token_used_pct: float = Field(description="Share of the window that passages take")
    sha256: str | None = Field(description="Of the prompt as it lies on the log (UTF-8); none once that is erased")
    messages: Any = Field(description="The prompt; the redaction mark once it is erased")


class Answered(Answer):
    """What came back."""

    position: str
    at: datetime
    model: str
    text: str
    finish_reason: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_micros: int | None
    first_token_ms: int | None
    written_ms: int | None


class Exchange(Answer):
    """The exchange that a draft came of. What was erased reads as `[redacted]`; what is not there is missing."""

    draft_id: UUID
    state: str
    origin: UUID = Field(description="The generated draft behind it, whose exchange this is, too, in the end")
    asked: Asked | None
    prompted: Prompted | None
    passages: list[told.Passage]
    answered: Answered | None
    charges: list[told.Charge] = Field(
        description="Calls of models for it that were paid for, and that it did not come of"
    )
    citations: list[told.Citation]


@router.get(
    "/{draft_id}/exchange",
    operation_id="getDraftExchange",
    summary="Why a text says what it says",
    responses={**READ_ONE, **problems("log_unavailable", "key_ring_unusable")},
    dependencies=[known],
)
async def get_exchange(draft_id: UUID, deps: Deps, who: Auditor) -> Exchange:
    """Prompt, passages with their scores, model, parameters, tokens, cost and answer, and where each lies on the log.

    Read from the log, not from a read model: `GET /v1/proofs/inclusion` proves of each place that it was not changed.
    """
    draft = (await existing(deps, who, draft_id)).draft
    places = (draft.requested_place, draft.prompted_place, draft.written_place)
    asked, prompted, written = await asyncio.gather(*(_read(deps, place) for place in places))
    reads = scripts_of(deps)
    return Exchange(
        draft_id=draft_id,
        state=draft.state,
        origin=draft.origin,
        asked=_asked(asked) if asked else None,
        prompted=_prompted(prompted) if prompted else None,
        passages=await reads.passages(who.tenant, draft_id),
        answered=_answered(written) if written else None,
        charges=await reads.charges(who.tenant, draft_id),
        citations=await reads.citations(who.tenant, draft_id),
    )


async def _read(deps: Dependencies, place: str | None) -> Envelope | None:
    record = await deps.records.at(Position.parse(place)) if deps.records and place else None
    return await deps.codec.decode(record) if record else None


def _place(found: Envelope) -> dict[str, Any]:
    record = found.record
    return {
        "position": str(Position(record.topic, record.partition or 0, record.offset or 0)),
        "at": found.meta.time,
    }


def _asked(found: Envelope) -> Asked | None:
    event, by = found.event, found.meta.actor
    if isinstance(event, DraftRequested):
        brief, documents = shown(event.brief), list(event.document_ids)
        return Asked(**_place(found), by=by, brief=brief, document_ids=documents, based_on=None)
    if isinstance(event, DraftRevised):
        return Asked(**_place(found), by=by, brief=None, document_ids=[], based_on=event.based_on)
    return None


def _prompted(found: Envelope) -> Prompted | None:
    event = found.event
    if not isinstance(event, DraftPrompted):
        return None
    gone = isinstance(event.prompt, Redaction)
    facts = {name: getattr(event, name) for name in Prompted.model_fields if hasattr(event, name)}
    return Prompted(
        **_place(found),
        **facts,
        memory_token_used_pct=round(100 * event.memory_tokens / max(1, event.window_tokens), 2),
        sha256=None if gone else sha256(shown(event.prompt).encode()).hexdigest(),
        messages=_messages(shown(event.prompt)),
    )


def _messages(prompt: str) -> Any:
    try:
        return json.loads(prompt)
    except ValueError:
        return prompt


def _answered(found: Envelope) -> Answered | None:
    event = found.event
    if not isinstance(event, DraftWritten):
        return None
    facts = {name: getattr(event, name) for name in Answered.model_fields if hasattr(event, name) and name != "text"}
    return Answered(**_place(found), text=shown(event.text), **facts)
