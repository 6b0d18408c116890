"""Drafts in memory, one tenant's unseen by another's."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from muniment.api.pages import Page
from muniment.api.script_reads import answers as told
from muniment.api.script_reads import rows
from muniment.projections.scripts.queries import DraftRow, VersionRow
from muniment.projections.scripts.state import Draft
from muniment.projections.validity import Moment

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


class MemoryScripts:
    """See `ScriptReads`."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.of_drafts: dict[str, dict[UUID, DraftRow]] = defaultdict(dict)
        self.awaited_looks: dict[UUID, int] = {}
        """How often deciders are found to wait for a draft's end before they know of it."""
        self.words_until: dict[tuple[str, UUID], Moment] = {}

    def add(self, tenant: str = "acme", *, current: bool = False, **said: Any) -> UUID:
        """A draft, with what a test says of it."""
        draft_id = uuid4()
        about = {"project_id": UUID(int=1), "episode_id": UUID(int=2), "origin": draft_id}
        usual = {"kind": "generated", "state": "written", "text": "So it is.", "requested_at": NOW, "ended_at": NOW}
        draft = Draft(tenant, draft_id, **{**about, **usual, **said})
        self.of_drafts[tenant][draft_id] = DraftRow(draft, (1,) if current else (), current)
        return draft_id

    def as_of(self, moment: Moment) -> Self:
        self.moments.append(moment)
        return self

    async def draft(self, tenant: str, draft_id: UUID) -> DraftRow | None:
        return self.of_drafts[tenant].get(draft_id)

    async def awaited(self, tenant: str, project_id: UUID, draft_id: UUID) -> bool:
        del tenant, project_id
        left = self.awaited_looks.get(draft_id, 0)
        self.awaited_looks[draft_id] = left - 1
        return left > 0

    async def last_words(self, tenant: str, draft_id: UUID) -> Moment | None:
        return self.words_until.get((tenant, draft_id))

    async def drafts(self, tenant: str, *_: Any) -> Page[told.DraftSummary]:
        return Page([rows.summary(one) for one in self.of_drafts[tenant].values()], None)

    async def citations(self, *_: Any) -> list[told.Citation]:
        return []

    async def passages(self, *_: Any) -> list[told.Passage]:
        return []

    async def passage(self, *_: Any) -> told.Passage | None:
        return None

    async def charges(self, *_: Any) -> list[told.Charge]:
        return []

    async def sources(self, *_: Any) -> list[told.Source]:
        return []

    async def scripts_of(self, *_: Any) -> Page[told.DocumentScript]:
        return Page([], None)

    async def versions(self, *_: Any) -> Page[told.ScriptVersion]:
        return Page([], None)

    async def version(self, *_: Any) -> VersionRow | None:
        return None

    async def lineage(self, tenant: str, draft_id: UUID) -> list[UUID]:
        found = []
        while (row := self.of_drafts[tenant].get(draft_id)) is not None:
            found.append(draft_id)
            if row.draft.based_on is None:
                break
            draft_id = row.draft.based_on
        return found
