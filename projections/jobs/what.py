"""What can be said of a job: small values, so that the fold knows neither events nor headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

DELETED = "document_deleted"
"""The code of a job whose version was deleted while it was under way."""
ERASED = "document_erased"
"""The code of a job whose document was erased while it was under way."""
CANCELLED = "job_cancelled"
"""The code of a job that was cancelled."""
EPISODE_DELETED, PROJECT_DELETED = "episode_deleted", "project_deleted"
"""The code of a job whose draft went with its episode, or its project."""
OF_DRAFTS = frozenset({"GenerateDraft", "CancelDraft"})
"""Commands of projects that are jobs; the others are answered at once, with what they led to."""


@dataclass(frozen=True)
class Draft:
    """What is written."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID


@dataclass(frozen=True)
class Asked:
    """The command itself."""

    kind: str
    lane: str | None
    partition: int
    offset: int
    draft: Draft | None = None


@dataclass(frozen=True)
class Accepted:
    """It was decided that there is something to do; work has not begun."""

    version: int | None
    draft: Draft | None = None


@dataclass(frozen=True)
class Reached:
    """A step is at work, or handed over to the next."""

    step: str
    version: int | None = None
    done: int | None = None
    total: int | None = None
    unit: str | None = None
    chunks: int | None = None


@dataclass(frozen=True)
class Embedded:
    """A batch has its vectors."""

    version: int
    batch: int
    chunks: int
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


@dataclass(frozen=True)
class Totals:
    """The sums of a finished job, which replace what was counted on the way."""

    chunks: int | None
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


@dataclass(frozen=True)
class Charged:
    """A try called a language model, and that was paid for; each try is said of once, by one record or another."""

    attempt: int
    tokens: int
    cost_micros: int


@dataclass(frozen=True)
class Retried:
    """The record waits in a retry tier."""

    step: str
    attempt: int
    waits: int
    due: datetime
    code: str
    error: str


@dataclass(frozen=True)
class Ended:
    """An end, of `state.ENDS`; `charged` is what it cost to come to it, which counts whatever ended the job before."""

    end: str
    step: str | None = None
    version: int | None = None
    code: str | None = None
    error: str | None = None
    totals: Totals | None = None
    charged: Charged | None = None


What = Asked | Accepted | Reached | Embedded | Charged | Retried | Ended


@dataclass(frozen=True)
class Fact:
    """What is said of which job, and when it was so."""

    job_id: UUID
    tenant: str
    document_id: UUID
    at: datetime
    what: What


JobsOf = Mapping[tuple[str, UUID], UUID]
"""The jobs of drafts, by tenant and draft."""
