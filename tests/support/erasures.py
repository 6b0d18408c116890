"""Erasures in memory, for an API on fakes: nobody has asked for any."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from muniment.producers.belongings import Belonging, Reach, Script
from muniment.producers.key_owners import Kind
from muniment.projections.erasures.queries import ErasureRow, RefusalRow


class NoErasures:
    """See `Erasures`. Persons that documents were said to be about are remembered."""

    def __init__(self) -> None:
        self.named: dict[tuple[str, str], list[UUID]] = {}
        self.asked: dict[tuple[str, str], list[UUID]] = {}
        self.erasing: set[UUID] = set()
        self.others: dict[UUID, Kind] = {}
        self.scripts: list[Script] = []
        self.rows: dict[UUID, ErasureRow] = {}

    async def tag(self, tenant: str, subject: str) -> str:
        """See `Erasures.tag`."""
        return f"tag of {len(subject)} letters in {tenant}"

    async def name(self, tenant: str, subject: str, document_id: UUID) -> None:
        """See `Erasures.name`."""
        self.named.setdefault((tenant, subject), []).append(document_id)

    async def under_way(self, tenant: str, document_id: UUID) -> bool:
        """See `Erasures.under_way`."""
        return document_id in self.erasing

    async def no_documents(self, tenant: str, ids: Collection[UUID]) -> Mapping[UUID, Kind]:
        """See `Erasures.no_documents`."""
        return {one: self.others[one] for one in ids if one in self.others}

    async def belongings(self, tenant: str, subject: str) -> Belonging:
        """See `Erasures.belongings`: drafts that they asked for go back to no document here."""
        drafts = dict.fromkeys(self.asked.get((tenant, subject), []), ())
        return Belonging(tuple(self.named.get((tenant, subject), ())), drafts)

    async def reach(self, tenant: str, subject: str, document_ids: Sequence[UUID]) -> Reach:
        """See `Erasures.reach`: every script of `scripts` goes whose draft does."""
        found = await self.belongings(tenant, subject)
        scripts = tuple(one for one in self.scripts if one.draft_id in found.drafts)
        return Reach((*document_ids, *found.documents), tuple(found.drafts), scripts)

    async def erasure(self, tenant: str, erasure_id: UUID) -> ErasureRow | None:
        """See `Erasures.erasure`: those that a test has put there."""
        return self.rows.get(erasure_id)

    async def erasures(self, tenant: str) -> list[ErasureRow]:
        """See `Erasures.erasures`."""
        return []

    async def refused(self, tenant: str, erasure_id: UUID) -> list[RefusalRow]:
        """See `Erasures.refused`."""
        return []
