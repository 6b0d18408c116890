"""Read models as their first versions left them: the tables (`first_shapes/`) and views of before, and no fold."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from muniment.projections.projection import Projection
from muniment.projections.projects.projection import Projects
from muniment.projections.scripts.projection import Scripts

_SHAPES = Path(__file__).parent / "first_shapes"


class FirstProjects(Projects):
    """Projects at version 1: their order in a column of theirs, nothing kept of the past."""

    version = 1
    views: ClassVar = {
        "projects": "select * from {schema}.projects where deleted_at is null",
        "episodes": (
            "select e.*, array_position(p.episode_order, e.episode_id) - 1 as place from {schema}.episodes e"
            " join {schema}.projects p on p.tenant = e.tenant and p.project_id = e.project_id"
        ),
        "project_documents": "select * from {schema}.members",
        "project_events": "select * from {schema}.happened",
        "project_decisions": "select * from {schema}.decisions",
    }

    async def apply(self, connection: Any, schema: str, batch: Sequence[Any]) -> object:
        """Its program is gone."""
        raise NotImplementedError

    def _file(self, name: str) -> str:
        del name
        return (_SHAPES / "projects.sql").read_text("utf-8")


class FirstScripts(Scripts):
    """Drafts and scripts at version 1: nothing kept of the past."""

    version = 1
    views: ClassVar = {
        "drafts": "select * from {schema}.drafts where requested_at is not null and state <> 'deleted'",
        "draft_passages": "select * from {schema}.passages",
        "draft_citations": "select * from {schema}.citations",
        "draft_sources": "select * from {schema}.sources",
        "script_versions": "select * from {schema}.commits",
    }

    async def apply(self, connection: Any, schema: str, batch: Sequence[Any]) -> object:
        """Its program is gone."""
        raise NotImplementedError

    def _file(self, name: str) -> str:
        del name
        return (_SHAPES / "scripts.sql").read_text("utf-8")


FIRST: Sequence[Projection] = (FirstProjects(), FirstScripts())
