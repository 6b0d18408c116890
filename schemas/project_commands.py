"""Requests to change a project or its episodes. A command's id is the correlation id of all that follows.

`if_revision` is the revision that the caller saw, of the project or of the episode that the command is about: what has
another one by then is left alone, and the command is decided against. -1 takes it as it is (RFC 9110, `If-Match`).
"""

from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import COMMANDS_PROJECTS

ANY_REVISION = -1
AT_THE_END = -1
MOST_DOCUMENTS = 1_000
"""So many documents at most are put into a project, or taken out of it, by one command."""


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class CreateProject(Event):
    """Begin a project."""

    project_id: UUID
    title: Personal[str]
    description: Personal[str]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class UpdateProject(Event):
    """Change what a project says of itself.

    Attributes:
        title: The new title; none: as it is.
        description: The new description; none: as it is.

    """

    project_id: UUID
    if_revision: int
    title: Personal[str | None]
    description: Personal[str | None]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id")
class ArchiveProject(Event):
    """Put a project away, or take it up again: while it is archived, nothing in it can be changed."""

    project_id: UUID
    if_revision: int
    archived: bool


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class DeleteProject(Event):
    """Remove a project. Without `cascade` only an empty one; its documents stay in any case."""

    project_id: UUID
    if_revision: int
    cascade: bool
    reason: Personal[str]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id")
class ChangeProjectDocuments(Event):
    """Put documents into a project, and take others out. A document may be in many projects.

    Attributes:
        added: Documents that go in.
        removed: Documents that go out.

    """

    project_id: UUID
    added: tuple[UUID, ...]
    removed: tuple[UUID, ...]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class CreateEpisode(Event):
    """Begin an episode of a project."""

    project_id: UUID
    episode_id: UUID
    title: Personal[str]
    brief: Personal[str]
    position: int


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class UpdateEpisode(Event):
    """Change what an episode says of itself.

    Attributes:
        title: The new title; none: as it is.
        brief: The new brief; none: as it is.

    """

    project_id: UUID
    episode_id: UUID
    if_revision: int
    title: Personal[str | None]
    brief: Personal[str | None]


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id")
class MoveEpisode(Event):
    """Put an episode at another place among those of its project."""

    project_id: UUID
    episode_id: UUID
    if_revision: int
    position: int


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id")
class ArchiveEpisode(Event):
    """Put an episode away, or take it up again."""

    project_id: UUID
    episode_id: UUID
    if_revision: int
    archived: bool


@event(topic=COMMANDS_PROJECTS, command=True, key="project_id", sealed_by="project_id")
class DeleteEpisode(Event):
    """Remove an episode. Without `cascade` only one that has no drafts."""

    project_id: UUID
    episode_id: UUID
    if_revision: int
    cascade: bool
    reason: Personal[str]
