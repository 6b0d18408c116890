"""The port to the read models. Every call names the tenant: there is no way to ask for somebody else's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from muniment.api.answers import Document, Hit, Job, Version
from muniment.api.operation_reads.port import OperationReads
from muniment.api.pages import Page
from muniment.projections.history.queries import Happened, Part
from muniment.projections.paging import Page as HistoryPage
from muniment.projections.validity import Moment
from muniment.schemas.record import Position

Mode = Literal["hybrid", "vector", "text"]


@dataclass(frozen=True, slots=True)
class Behind:
    """How far a read model is from a position."""

    projection: str
    records: int
    reached: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the original bytes of a document version are."""

    ref: str
    size_bytes: int | None
    file_name: str
    media_type: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Question:
    """A search, ready to be run.

    `vector` was made by `model`, and only its vectors are compared with it; unless it is `pinned`, that has to be what
    search reads.
    """

    text: str
    mode: Mode
    k: int
    cursor: str | None = None
    vector: Sequence[float] | None = None
    model: str | None = None
    pinned: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    document_ids: tuple[UUID, ...] = ()
    media_type: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    title: str | None = None
    project_id: UUID | None = None


class Reads(OperationReads, Protocol):
    """What can be asked.

    Raises `StepFailure(database_unavailable)` when the database is away, and `ValueError` for a cursor that is none of
    the listing's.
    """

    def as_of(self, moment: Moment) -> "Reads":
        """What documents, versions, jobs and search answered at that moment; everything else is as it is now."""
        ...

    async def model_then(self) -> str | None:
        """Whose vectors search read at the moment of these reads; `None`: those that it reads now."""
        ...

    async def wait_for(self, projection: str, positions: Sequence[Position], timeout_s: float) -> Behind | None:
        """Wait until the projection has folded what was decided at these positions; how far it is from it if not."""
        ...

    async def documents(
        self,
        tenant: str,
        *,
        status: str | None,
        media_type: str | None,
        text: str | None,
        limit: int,
        cursor: str | None,
        project_id: UUID | None = None,
    ) -> Page[Document]:
        """Documents, newest first; deleted ones are not among them. `text` is looked for in title and file name.

        With `project_id` only those that are in that project, at the moment of these reads.
        """
        ...

    async def document(self, tenant: str, document_id: UUID) -> Document | None:
        """One document; `None` when there is none or it was deleted."""
        ...

    async def versions(self, tenant: str, document_id: UUID) -> list[Version]:
        """Its versions, newest first."""
        ...

    async def stored(self, tenant: str, document_id: UUID, version: int | None) -> Stored | None:
        """Where the bytes of a version (the active one, else the newest) are."""
        ...

    async def jobs(
        self,
        tenant: str,
        *,
        state: str | None,
        document_id: UUID | None,
        limit: int,
        cursor: str | None,
        kind: str | None = None,
        project_id: UUID | None = None,
        draft_id: UUID | None = None,
    ) -> Page[Job]:
        """Jobs, newest first."""
        ...

    async def jobs_by_id(self, tenant: str, job_ids: Sequence[UUID]) -> list[Job]:
        """These jobs, as far as they are the tenant's and known already; in no order."""
        ...

    async def job(self, tenant: str, job_id: UUID) -> Job | None:
        """One job."""
        ...

    async def document_history(
        self, tenant: str, document_id: UUID, *, limit: int, cursor: str | None
    ) -> HistoryPage[Happened]:
        """What happened to a document, in the order of the log; empty when there is none."""
        ...

    async def project_history(
        self, tenant: str, part: Part, identity: UUID, *, limit: int, cursor: str | None
    ) -> HistoryPage[Happened]:
        """What happened to a project, or to an episode or a draft alone, in the order of the log."""
        ...

    async def job_history(self, tenant: str, job_id: UUID, *, limit: int, cursor: str | None) -> HistoryPage[Happened]:
        """What happened to a job, in the order of the log; empty when there is none."""
        ...

    async def search(self, tenant: str, question: Question) -> Page[Hit]:
        """Hits, best first; a cursor belongs to the very same question.

        Raises `ModelSwitched` when search reads another model by now than the one that made the question's vector.
        """
        ...

    async def open_jobs(self) -> int:
        """Jobs of all tenants that have not ended."""
        ...

    async def lag(self) -> Mapping[str, int]:
        """Records that each projection has still to fold, as far as it can be told from here."""
        ...
