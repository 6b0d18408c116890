"""What a model would have written: the facts and pieces of a draft, from the one chunk of each played document."""

from typing import Any
from uuid import UUID

from muniment.schemas.event import Event
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    CitationsChecked,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftRevised,
    DraftStreamed,
    DraftWritten,
    Passage,
)

SENTENCES = ("Everyone has twenty-five days of leave a year [1]. ", "Nobody ever took them [9].\n")
NOTHING = "nothing"
"""A draft with this brief is refused."""
UNWILLING = "unwilling"
"""A draft with this brief is asked of a model, which would not write it and wants to be paid."""


def played(event: Event, documents: frozenset[UUID]) -> list[Event]:
    """What follows from a decision about a draft of a project with these documents."""
    if isinstance(event, DraftRequested):
        if event.brief == NOTHING or not documents:
            return _refused(event, "nothing_found")
        return _unwilling(event) if event.brief == UNWILLING else _written(event, min(documents))
    if isinstance(event, DraftRevised) and documents:
        about = {"project_id": event.project_id, "episode_id": event.episode_id, "draft_id": event.draft_id}
        checked = _citations(event.text, min(documents)) if isinstance(event.text, str) else ()
        return [CitationsChecked(**about, job_id=event.job_id, citations=checked)]
    return []


def _refused(event: DraftRequested, code: str) -> list[Event]:
    return [DraftRefused(**_about(event), code=code)]


def _unwilling(event: DraftRequested) -> list[Event]:
    called = {"attempt": 1, "provider": "played", "model": "toy", "code": "model_refused", "estimated": False}
    charged = DraftCharged(**_about(event), **called, tokens_in=30, tokens_out=2, cost_micros=4)
    return [charged, *_refused(event, "model_refused")]


def _about(event: DraftRequested) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("project_id", "episode_id", "draft_id", "job_id")}


def _written(event: DraftRequested, document_id: UUID) -> list[Event]:
    about = {name: getattr(event, name) for name in ("project_id", "draft_id", "job_id")}
    mine = {**about, "episode_id": event.episode_id}
    asked = {name: getattr(event, name) for name in ("template", "max_tokens", "temperature", "seed")}
    passage = Passage(1, document_id, 1, 0, 1, 0, 46, 9, 0.03, 1, None)
    text = "".join(SENTENCES)
    return [
        DraftPrompted(
            **mine,
            **asked,
            attempt=1,
            provider="played",
            model="toy",
            template_version=1,
            prompt='[{"role":"user","content":"write"}]',
            passages=(passage,),
            memory_tokens=9,
            prompt_tokens=30,
            window_tokens=1000,
        ),
        *(
            DraftStreamed(**about, attempt=1, index=index, text=piece, tokens=9 * (index + 1))
            for index, piece in enumerate(SENTENCES)
        ),
        DraftWritten(
            **mine,
            attempt=1,
            provider="played",
            model="toy-1",
            text=text,
            citations=_citations(text, document_id),
            finish_reason="stop",
            tokens_in=30,
            tokens_out=18,
            cost_micros=5,
            first_token_ms=3,
            written_ms=9,
        ),
    ]


def _citations(text: str, document_id: UUID) -> tuple[Citation, ...]:
    found = []
    if "[1]" in text:
        found.append(Citation(1, document_id, 1, 0, 1, 0, 46, 0, text.index("[1]") + 3, holds=True))
    if "[9]" in text:
        at = text.index("[9]")
        found.append(Citation(9, None, 0, 0, None, 0, 0, max(0, at - 20), at + 3, holds=False))
    return tuple(found)
