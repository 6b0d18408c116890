"""A decider of documents with all that is around it, in memory; and what it is told."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentFetched,
    DocumentIndexed,
    DocumentRefused,
    JobCancelled,
)
from muniment.stream_apps.deciding.decider import (
    decide,
    evolve,
)
from muniment.stream_apps.deciding.state import Asked, Standing, State, initial_state

DOCUMENT = UUID(int=100)


@dataclass
class House:
    """A decider with its inbox, a log of commands, and what steps do with what is decided."""

    state: State = field(default_factory=initial_state)
    inbox: dict[UUID, str | None] = field(default_factory=dict)
    offsets: dict[UUID, int] = field(default_factory=dict)
    decisions: dict[UUID, Any] = field(default_factory=dict)

    def put(self, job: int) -> UUID:
        """A command of this job is on the log; it may be decided later."""
        self.offsets[UUID(int=job)] = len(self.offsets)
        return UUID(int=job)

    def tell(self, command: Any, job: UUID) -> Any:
        """Decide a command, once; what was decided."""
        if job in self.inbox:
            return self.decisions[job]
        standing = Standing.UNKNOWN
        if isinstance(command, CancelJob) and command.job_id in self.inbox:
            standing = Standing.INDEXED if self.inbox[command.job_id] == "indexed" else Standing.DECIDED
        described = isinstance(command, SubmitDocument | DocumentFetched)
        asked = Asked(job, command.blob if described else "", self.offsets.get(job, -1), standing)
        event = decide(command, self.state, asked)
        self.state = evolve(self.state, event, asked)
        self.inbox.setdefault(job, None)
        self.decisions[job] = event
        if isinstance(event, JobCancelled) and event.job_id in self.inbox:
            self.inbox[event.job_id] = "cancelled"
        return event

    def announce(self, job: UUID) -> bool:
        """Whether the version of the job may be announced; then it is not cancelled any more."""
        self.inbox[job] = self.inbox[job] or "indexed"
        return self.inbox[job] == "indexed"

    def note(self, outcome: Any) -> None:
        """Take an outcome in."""
        self.state = evolve(self.state, outcome, Asked(outcome.job_id))


def submit(blob: str = "a") -> SubmitDocument:
    """A submission."""
    return SubmitDocument(
        document_id=DOCUMENT, file_name="a.txt", title=None, metadata={}, blob=blob, size_bytes=1, source="upload",
        lane="normal",
    )  # fmt: skip


def ask_url() -> SubmitUrl:
    """An address to fetch."""
    return SubmitUrl(document_id=DOCUMENT, url="https://example.org/", title=None, metadata={}, lane="normal")


def fetched(job: UUID, blob: str = "a") -> DocumentFetched:
    """The content behind an address."""
    return DocumentFetched(
        document_id=DOCUMENT, job_id=job, url="https://example.org/", file_name="a.txt", title=None, metadata={},
        blob=blob, size_bytes=1, lane="normal",
    )  # fmt: skip


def cancel(job: UUID) -> CancelJob:
    """A cancellation."""
    return CancelJob(document_id=DOCUMENT, job_id=job, reason="not wanted")


def delete() -> DeleteDocument:
    """A deletion."""
    return DeleteDocument(document_id=DOCUMENT, reason="asked")


def indexed(version: int, job: UUID) -> DocumentIndexed:
    """A version is whole."""
    return DocumentIndexed(
        document_id=DOCUMENT, version=version, job_id=job, chunks=1, batches=1, model="m", tokens=1, cost_micros=0,
        embedded=1, reused=0,
    )  # fmt: skip


def refused(version: int, job: UUID) -> DocumentRefused:
    """A version was refused."""
    return DocumentRefused(document_id=DOCUMENT, version=version, job_id=job, code="no_text", reason="empty")


def code(event: Any) -> str:
    """Why it was rejected."""
    assert isinstance(event, CommandRejected), event
    return event.code
