"""Projects in memory, one tenant's unseen by another's; the decision of each command is what a test says it is."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from muniment.api.pages import Page
from muniment.api.project_reads.answers import Decision, Episode, Happened, Project, ProjectDocument
from muniment.projections.validity import Moment

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


class MemoryProjects:
    """See `ProjectReads`."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.of_projects: dict[str, dict[UUID, Project]] = defaultdict(dict)
        self.of_episodes: dict[tuple[str, UUID], dict[UUID, Episode]] = defaultdict(dict)
        self.unknown_documents: set[UUID] = set()
        self.decides: dict[str, Any] | None = None

    def add(self, tenant: str = "acme", **said: Any) -> UUID:
        """A project, with what a test says of it."""
        project_id = uuid4()
        usual = {"title": "Tides", "description": "", "revision": 1, "archived": False, "documents": 0, "episodes": 0}
        made = {"created_by": "key:mine", "created_at": NOW, "updated_at": NOW}
        self.of_projects[tenant][project_id] = Project(project_id=project_id, **{**usual, **made, **said})
        return project_id

    def as_of(self, moment: Moment) -> Self:
        self.moments.append(moment)
        return self

    async def last(self, *_: Any) -> int:
        return -1

    async def happened(self, *_: Any) -> list[Happened]:
        return []

    async def everything_in(self, *_: Any) -> dict[UUID, int]:
        return {}

    async def project(self, tenant: str, project_id: UUID) -> Project | None:
        return self.of_projects[tenant].get(project_id)

    async def projects(self, tenant: str, **_: Any) -> Page[Project]:
        return Page(list(self.of_projects[tenant].values()), None)

    async def episode(self, tenant: str, project_id: UUID, episode_id: UUID) -> Episode | None:
        return self.of_episodes[tenant, project_id].get(episode_id)

    async def episodes(self, tenant: str, project_id: UUID, **_: Any) -> Page[Episode]:
        return Page(list(self.of_episodes[tenant, project_id].values()), None)

    async def documents(self, tenant: str, project_id: UUID, **_: Any) -> Page[ProjectDocument]:
        return Page([], None)

    async def unknown(self, tenant: str, document_ids: Sequence[UUID]) -> list[UUID]:
        return [one for one in document_ids if one in self.unknown_documents]

    async def decision(self, tenant: str, command_id: UUID) -> Decision | None:
        if self.decides is None:
            return None
        usual = {"project_id": UUID(int=0), "episode_id": None, "draft_id": None, "event": "", "code": ""}
        return Decision(command_id=command_id, **{**usual, "revision": 1, "at": NOW, **self.decides})
