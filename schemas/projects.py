"""What happened to projects and their episodes: everything of a project is keyed by it, and so in one order."""

from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import PROJECTS


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class ProjectCreated(Event):
    """A project was begun."""

    project_id: UUID
    revision: int
    title: Personal[str]
    description: Personal[str]


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class ProjectUpdated(Event):
    """A project says something else of itself.

    Attributes:
        title: The new title; none: as it was.
        description: The new description; none: as it was.

    """

    project_id: UUID
    revision: int
    title: Personal[str | None]
    description: Personal[str | None]


@event(topic=PROJECTS, key="project_id")
class ProjectArchived(Event):
    """A project was put away, or taken up again."""

    project_id: UUID
    revision: int
    archived: bool


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class ProjectDeleted(Event):
    """A project is gone, and with it these episodes and drafts; its documents stay."""

    project_id: UUID
    revision: int
    episodes: tuple[UUID, ...]
    drafts: tuple[UUID, ...]
    reason: Personal[str]


@event(topic=PROJECTS, key="project_id")
class ProjectDocumentsChanged(Event):
    """Documents were put into a project, or taken out; only those that were not in it, or were, are named.

    Attributes:
        added: Documents that go in.
        removed: Documents that go out.

    """

    project_id: UUID
    revision: int
    added: tuple[UUID, ...]
    removed: tuple[UUID, ...]


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class EpisodeCreated(Event):
    """An episode was begun; `order` is the new order of all episodes of the project."""

    project_id: UUID
    episode_id: UUID
    revision: int
    title: Personal[str]
    brief: Personal[str]
    order: tuple[UUID, ...]


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class EpisodeUpdated(Event):
    """An episode says something else of itself.

    Attributes:
        title: The new title; none: as it was.
        brief: The new brief; none: as it was.

    """

    project_id: UUID
    episode_id: UUID
    revision: int
    title: Personal[str | None]
    brief: Personal[str | None]


@event(topic=PROJECTS, key="project_id")
class EpisodeMoved(Event):
    """The episodes of a project stand in another order: in this one."""

    project_id: UUID
    episode_id: UUID
    revision: int
    order: tuple[UUID, ...]


@event(topic=PROJECTS, key="project_id")
class EpisodeArchived(Event):
    """An episode was put away, or taken up again."""

    project_id: UUID
    episode_id: UUID
    revision: int
    archived: bool


@event(topic=PROJECTS, key="project_id", sealed_by="project_id")
class EpisodeDeleted(Event):
    """An episode is gone, and with it these drafts."""

    project_id: UUID
    episode_id: UUID
    revision: int
    drafts: tuple[UUID, ...]
    reason: Personal[str]


@event(topic=PROJECTS, key="project_id")
class ProjectCommandRejected(Event):
    """A command about a project was decided against; everything stayed as it was.

    Attributes:
        revision: What the project or episode that it was about had by then; 0 where there was none.

    """

    project_id: UUID
    job_id: UUID
    command: str
    code: str
    revision: int
