"""The port to what is read of projects. Every call names the tenant."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from muniment.api.pages import Page
from muniment.api.project_reads.answers import Decision, Episode, Happened, Project, ProjectDocument
from muniment.projections.validity import Moment


class ProjectReads(Protocol):
    """What can be asked.

    Raises `StepFailure(database_unavailable)` when the database is away, and `ValueError` for a cursor that is none of
    the listing's.
    """

    def as_of(self, moment: Moment) -> "ProjectReads":
        """What projects, episodes and members were at that moment; what happened, and decisions, are told as now."""
        ...

    async def project(self, tenant: str, project_id: UUID) -> Project | None:
        """One project; `None` for one that is deleted, or not this tenant's."""
        ...

    async def projects(
        self,
        tenant: str,
        *,
        archived: bool | None,
        text: str | None,
        document_id: UUID | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Project]:
        """Projects, newest first. `text` is looked for in the title; with `document_id` those that have it."""
        ...

    async def episode(self, tenant: str, project_id: UUID, episode_id: UUID) -> Episode | None:
        """One episode; `None` when the project has none of that id."""
        ...

    async def episodes(
        self, tenant: str, project_id: UUID, *, archived: bool | None, limit: int, cursor: str | None
    ) -> Page[Episode]:
        """The episodes of a project, in their order."""
        ...

    async def documents(
        self, tenant: str, project_id: UUID, *, limit: int, cursor: str | None
    ) -> Page[ProjectDocument]:
        """The documents of a project, the last ones added first."""
        ...

    async def unknown(self, tenant: str, document_ids: Sequence[UUID]) -> list[UUID]:
        """Which of these are no documents of the tenant, or deleted."""
        ...

    async def last(self, tenant: str, project_id: UUID) -> int:
        """Where the last that happened to a project lies in its order; -1 before anything has."""
        ...

    async def happened(self, tenant: str, project_id: UUID, after: int, limit: int) -> list[Happened]:
        """What happened to a project after a place of its order."""
        ...

    async def moved(self, since: Mapping[int, int] | None) -> tuple[set[tuple[str, UUID]], Mapping[int, int]]:
        """The projects, with their tenants, that something happened to since; and how far that is by now.

        The one question here that names no tenant: it is for waking readers, who then ask for themselves.
        """
        ...

    async def everything_in(self, tenant: str, project_id: UUID, up_to: int) -> dict[UUID, int]:
        """The documents of a project that came in up to a place of its order and are in it still, with that place."""
        ...

    async def decision(self, tenant: str, command_id: UUID) -> Decision | None:
        """What became of a command; `None` when that does not show yet."""
        ...
