"""What is known of one project: the rows of the read model, as the fold sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class ProjectRow:
    """A project.

    Attributes:
        title: What it is called; none once it is deleted.
        documents: How many documents are in it.
        episodes: How many episodes it has.
        from_at: Since when all of this is so.
        from_place: Where the record lies that made it so.
        ordered_at: When the last that was said of the project counts: nothing after it counts as earlier.

    """

    tenant: str
    project_id: UUID
    title: str | None
    description: str | None
    revision: int
    archived: bool
    documents: int
    episodes: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    from_at: datetime | None = None
    from_place: str | None = None
    ordered_at: datetime | None = None


@dataclass(frozen=True)
class OrderRow:
    """The episodes of a project in their order: a row of its own, so that nothing but a new order writes it anew."""

    tenant: str
    project_id: UUID
    episode_order: tuple[UUID, ...]
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class EpisodeRow:
    """An episode; `script` is the draft that is its script, `number` how often one was committed."""

    tenant: str
    project_id: UUID
    episode_id: UUID
    title: str
    brief: str
    revision: int
    archived: bool
    script: UUID | None
    number: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class MemberRow:
    """A document of a project."""

    tenant: str
    project_id: UUID
    document_id: UUID
    added_at: datetime
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class Project:
    """A project with what is in it, as far as that is looked at: of episodes and documents those that facts name."""

    head: ProjectRow | None = None
    order: OrderRow | None = None
    episodes: Mapping[UUID, EpisodeRow] = field(default_factory=dict)
    members: Mapping[UUID, MemberRow] = field(default_factory=dict)
