"""Requests to write, change and settle scripts. A command's id is its job's id, and the correlation id of what follows.

A draft is a text that never changes: whoever edits one makes another, which says what it was made from.
"""

from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import COMMANDS_PROJECTS


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="draft_id")
class GenerateDraft(Event):
    """Write a draft of an episode's script from the project's documents.

    Attributes:
        brief: What the script is to be about, in the words of who asks; empty: the episode's brief.
        document_ids: Only from these of the project's documents; empty: from all.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    brief: Personal[str]
    template: str
    language: str
    max_tokens: int
    temperature: float
    seed: int | None
    document_ids: tuple[UUID, ...]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="draft_id")
class ReviseDraft(Event):
    """Put a text that a person has written beside the draft that it was made from."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    based_on: UUID
    text: Personal[str]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id")
class CommitDraft(Event):
    """Let a draft be the episode's script from now on; with an older one, that is a restore."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    if_revision: int


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="draft_id")
class DiscardDraft(Event):
    """Put a draft away that is not the episode's script."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    reason: Personal[str]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="draft_id")
class CancelDraft(Event):
    """End the writing of a draft before it is done; what was written so far goes away."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    reason: Personal[str]
