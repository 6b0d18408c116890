"""Commands and facts about one project, its episodes and drafts, for tests that tell a story with them."""

from typing import Any
from uuid import UUID

from muniment.schemas.event import Event
from muniment.schemas.project_commands import (
    ANY_REVISION,
    AT_THE_END,
    ArchiveEpisode,
    ArchiveProject,
    ChangeProjectDocuments,
    CreateEpisode,
    CreateProject,
    DeleteEpisode,
    DeleteProject,
    MoveEpisode,
    UpdateEpisode,
    UpdateProject,
)
from muniment.schemas.script_commands import CancelDraft, CommitDraft, DiscardDraft, GenerateDraft, ReviseDraft
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import DraftErased, DraftFailed, DraftPrompted, DraftRefused, DraftWritten, Passage

PROJECT = UUID(int=1)
_DEFAULTS: dict[type[Event], dict[str, Any]] = {
    CreateProject: {"title": "Tides", "description": ""},
    UpdateProject: {"if_revision": ANY_REVISION, "title": "Tides and moons", "description": None},
    ArchiveProject: {"if_revision": ANY_REVISION, "archived": True},
    DeleteProject: {"if_revision": ANY_REVISION, "cascade": False, "reason": "done"},
    ChangeProjectDocuments: {"added": (), "removed": ()},
    CreateEpisode: {"title": "One", "brief": "how it began", "position": AT_THE_END},
    UpdateEpisode: {"if_revision": ANY_REVISION, "title": "Two", "brief": None},
    MoveEpisode: {"if_revision": ANY_REVISION, "position": 0},
    ArchiveEpisode: {"if_revision": ANY_REVISION, "archived": True},
    DeleteEpisode: {"if_revision": ANY_REVISION, "cascade": False, "reason": "done"},
    GenerateDraft: {
        "brief": "",
        "template": "script",
        "language": "en",
        "max_tokens": 800,
        "temperature": 0.2,
        "seed": None,
        "document_ids": (),
    },
    ReviseDraft: {"text": "Better so."},
    CommitDraft: {"if_revision": ANY_REVISION},
    DiscardDraft: {"reason": "dull"},
    CancelDraft: {"reason": "too slow"},
    DraftPrompted: {
        "attempt": 0,
        "provider": "extractive",
        "model": "passages",
        "template": "script",
        "template_version": 1,
        "max_tokens": 800,
        "temperature": 0.2,
        "seed": None,
        "prompt": "[]",
        "passages": (),
        "memory_tokens": 1,
        "prompt_tokens": 1,
        "window_tokens": 1,
    },
    DraftWritten: {
        "attempt": 0,
        "provider": "extractive",
        "model": "passages",
        "text": "It began [1].",
        "citations": (),
        "finish_reason": "stop",
        "tokens_in": 1,
        "tokens_out": 1,
        "cost_micros": 0,
        "first_token_ms": 1,
        "written_ms": 1,
    },
    DraftCharged: {
        "attempt": 1,
        "provider": "openai",
        "model": "toy",
        "code": "broken_off",
        "tokens_in": 3,
        "tokens_out": 2,
        "cost_micros": 7,
        "estimated": True,
    },
    DraftRefused: {"code": "nothing_found"},
    DraftFailed: {"step": "generating", "code": "model_rejected", "letter": "muniment.dlq:0:1"},
    DraftErased: {"document_id": UUID(int=9), "erasure_id": UUID(int=8)},
}


def told(cls: type[Any], **said: Any) -> Any:
    """A command or fact about the one project; what a test does not say is as usual."""
    return cls(**{"project_id": PROJECT, **_DEFAULTS[cls], **said})


def passages(*documents: UUID) -> tuple[Passage, ...]:
    """A passage of each document."""
    return tuple(
        Passage(
            number=number,
            document_id=document_id,
            version=1,
            ordinal=0,
            page=None,
            start=0,
            end=10,
            tokens=3,
            score=0.03,
            vector_rank=1,
            words_rank=None,
        )
        for number, document_id in enumerate(documents, 1)
    )
