"""The port to what erasures are read from, and to how persons are named."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from muniment.producers.belongings import Belonging, Reach
from muniment.producers.key_owners import Kind
from muniment.projections.erasures.queries import ErasureRow, RefusalRow


class Erasures(Protocol):
    """Every method raises `StepFailure(database_unavailable)`."""

    async def tag(self, tenant: str, subject: str) -> str:
        """What stands for a person on the log and in tables."""
        ...

    async def name(self, tenant: str, subject: str, document_id: UUID) -> None:
        """Note that a document is about this person."""
        ...

    async def under_way(self, tenant: str, document_id: UUID) -> bool:
        """Whether this document is being erased, so that nothing new is taken for it."""
        ...

    async def no_documents(self, tenant: str, ids: Collection[UUID]) -> Mapping[UUID, Kind]:
        """Those of the ids that belong to projects or drafts, deleted ones included, and to which of the two."""
        ...

    async def belongings(self, tenant: str, subject: str) -> Belonging:
        """What belongs to this person, by the rule that erasures go by."""
        ...

    async def reach(self, tenant: str, subject: str, document_ids: Sequence[UUID]) -> Reach:
        """What an erasure of this person (none when empty) and of these documents would take by now."""
        ...

    async def erasure(self, tenant: str, erasure_id: UUID) -> ErasureRow | None:
        """One erasure with what its stores have said."""
        ...

    async def erasures(self, tenant: str) -> list[ErasureRow]:
        """The newest erasures, without their stores."""
        ...

    async def refused(self, tenant: str, erasure_id: UUID) -> list[RefusalRow]:
        """Commands about it that were decided against."""
        ...
