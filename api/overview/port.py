"""The port to what operators and auditors look at in the console, and what it answers with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from muniment.api.answers import Job
from muniment.api.pages import Page
from muniment.projections.chunks.lineage import BatchRow, ChunkRow
from muniment.projections.jobs.figures import Ended, Open
from muniment.projections.replaying.underway import Underway


@dataclass(frozen=True, slots=True)
class StepLag:
    """Records that wait to be read.

    Attributes:
        steps: By these steps, which read together; none where it is a retry tier that holds them.
        lane: In this lane. Each lane reads all records of its topics and passes by those of the others.
        tier: The topic of the retry tier.
        records: How many.

    """

    steps: tuple[str, ...]
    lane: str
    tier: str
    records: int


@dataclass(frozen=True, slots=True)
class Parked:
    """At one step: documents of which a record waits for its retry, and records that wait behind those."""

    step: str
    documents: int
    records: int


class Overview(Protocol):
    """What can be asked. Raises as `Reads`; `lag` also `StepFailure(log_unavailable)`."""

    async def ended(self, tenant: str, since: datetime, until: datetime, span: timedelta) -> list[Ended]:
        """What ended in each span of time; empty spans are left out."""
        ...

    async def still_open(self, tenant: str) -> list[Open]:
        """How many jobs have not ended, by state, step and lane."""
        ...

    async def due(self, tenant: str, *, limit: int, cursor: str | None) -> Page[Job]:
        """Jobs that wait for a retry, the next one due first."""
        ...

    async def parked(self) -> Sequence[Parked]:
        """Where documents of all tenants wait behind a retry."""
        ...

    async def lag(self) -> Sequence[StepLag]:
        """How many records wait for each step and in each retry tier."""
        ...

    async def under_way(self) -> list[Underway]:
        """Replays and verifications that have begun and not ended."""
        ...

    async def sealing(self) -> list[Any]:
        """How far every partition is sealed, as rows."""
        ...

    async def batches(self, tenant: str, document_id: UUID, version: int) -> list[BatchRow]:
        """The batches of a version, in order."""
        ...

    async def chunks(self, tenant: str, document_id: UUID, version: int, ordinals: tuple[int, int]) -> list[ChunkRow]:
        """Chunks of a version by their ordinals, both included."""
        ...

    async def ordinal_at(self, tenant: str, document_id: UUID, version: int, start: int) -> int | None:
        """The last chunk of a version that begins at this character of its text or before it; `None`: there is none."""
        ...
