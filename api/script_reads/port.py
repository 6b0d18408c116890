"""The port to what is read of drafts and scripts. Every call names the tenant."""

from typing import Protocol
from uuid import UUID

from muniment.api.pages import Page
from muniment.api.script_reads import answers as told
from muniment.projections.scripts.queries import DraftRow, VersionRow
from muniment.projections.validity import Moment


class ScriptReads(Protocol):
    """What can be asked.

    Raises `StepFailure(database_unavailable)` when the database is away, and `ValueError` for a cursor that is none of
    the listing's.
    """

    def as_of(self, moment: Moment) -> "ScriptReads":
        """What drafts and scripts were at that moment, and what had become of their documents by then."""
        ...

    async def draft(self, tenant: str, draft_id: UUID) -> DraftRow | None:
        """One draft; `None` for one that went with its episode, or is not this tenant's."""
        ...

    async def awaited(self, tenant: str, project_id: UUID, draft_id: UUID) -> bool:
        """Whether those who decide about the project still wait for the draft's end, whatever is read of it here."""
        ...

    async def last_words(self, tenant: str, draft_id: UUID) -> Moment | None:
        """When a draft, also one that went with its episode, said what it said last; `None` without any words."""
        ...

    async def drafts(  # noqa: PLR0917 - what a page is of
        self, tenant: str, project_id: UUID, episode_id: UUID, state: str | None, limit: int, cursor: str | None
    ) -> Page[told.DraftSummary]:
        """The drafts of an episode, newest first."""
        ...

    async def citations(self, tenant: str, draft_id: UUID) -> list[told.Citation]:
        """The marks of a draft in the order in which they stand."""
        ...

    async def passages(self, tenant: str, draft_id: UUID) -> list[told.Passage]:
        """The passages that the marks of a draft mean, without their texts."""
        ...

    async def passage(self, tenant: str, draft_id: UUID, number: int) -> told.Passage | None:
        """One of them, with its text."""
        ...

    async def charges(self, tenant: str, draft_id: UUID) -> list[told.Charge]:
        """The calls for a draft that were paid for and whose answer it is not."""
        ...

    async def sources(self, tenant: str, draft_id: UUID) -> list[told.Source]:
        """The documents that a draft goes back to, those that it cites most first."""
        ...

    async def scripts_of(
        self, tenant: str, document_id: UUID, limit: int, cursor: str | None
    ) -> Page[told.DocumentScript]:
        """The drafts that go back to a document, newest first."""
        ...

    async def versions(
        self, tenant: str, project_id: UUID, episode_id: UUID, limit: int, cursor: str | None
    ) -> Page[told.ScriptVersion]:
        """The versions of an episode's script, newest first."""
        ...

    async def version(self, tenant: str, project_id: UUID, episode_id: UUID, number: int | None) -> VersionRow | None:
        """One of them, the last one without a number."""
        ...

    async def lineage(self, tenant: str, draft_id: UUID) -> list[UUID]:
        """A draft and those that it was made from, nearest first."""
        ...
