"""What a decider remembers of a document, and what it is told about a command beside what that says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds: the stored bytes, and a digest of what they are called and labelled."""

    blob: str
    description: str


@dataclass(frozen=True, slots=True)
class State:
    """What a decider has to remember of a document.

    Attributes:
        latest: The last version number given out; 0 before the first. It never goes back, not even by a deletion.
        active: The version that is indexed; 0 when there is none.
        content: What the active version holds.
        pending: What the versions in work hold.
        jobs: The jobs that brought the versions which have not been deleted or cancelled.
        deleted: Every version up to this one is deleted.
        bringing: The jobs in work that have a version, and which.
        fetching: The jobs whose content is being fetched, and where their commands lie.
        doomed: Jobs that were cancelled before their command was decided.
        cancelled: Versions that were cancelled; those that are below the active one need not be remembered.
        offset: Where the last command lies whose content, or deletion, was taken; -1 before the first.

    """

    latest: int = 0
    active: int = 0
    content: Content | None = None
    pending: Mapping[int, Content] = field(default_factory=dict)
    jobs: tuple[UUID, ...] = ()
    deleted: int = 0
    bringing: Mapping[UUID, int] = field(default_factory=dict)
    fetching: Mapping[UUID, int] = field(default_factory=dict)
    doomed: frozenset[UUID] = frozenset()
    cancelled: frozenset[int] = frozenset()
    offset: int = -1


def initial_state() -> State:
    """A document that nobody has heard of."""
    return State()


class Standing(Enum):
    """How the job that a command is about stands."""

    UNKNOWN = "unknown"
    """Its command has not been decided."""
    DECIDED = "decided"
    """Its command has been decided."""
    INDEXED = "indexed"
    """Its version is whole, and will be announced if it has not been yet."""
    ELSEWHERE = "elsewhere"
    """It is about another document."""
    LOST = "lost"
    """Its command is sealed under a key that an erasure of the document destroys, or has destroyed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a command beside what it says.

    Attributes:
        job_id: The job that it is.
        description: A digest of the names and labels that come with a submission.
        offset: Where it lies on the log of commands. All commands of a document lie in one partition.
        standing: How the job that it is about stands, when it is about one.
        unreadable: The key of what is personal in it was destroyed, so there is nothing to go by.

    """

    job_id: UUID
    description: str = ""
    offset: int = -1
    standing: Standing = Standing.UNKNOWN
    unreadable: bool = False
