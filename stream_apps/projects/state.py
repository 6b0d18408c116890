"""What a decider remembers of a project: ids, numbers and states, no text. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID


class Standing(IntEnum):
    """How far a draft has come. What is said of it in any order, the furthest counts.

    Of an answer and a cancellation the one that lies first on the log counts, for everybody who reads it. Who decides
    to cancel cannot know which that will be: until the decision is read back, an answer that lies before it wins.
    """

    REQUESTED = 0
    PROMPTED = 1
    FAILED = 2
    CANCELLING = 3
    REFUSED = 4
    WRITTEN = 5
    CANCELLED = 6
    DISCARDED = 7
    ERASED = 8


UNDER_WAY = frozenset({Standing.REQUESTED, Standing.PROMPTED})
_STOPPED = frozenset({Standing.CANCELLING, Standing.CANCELLED, Standing.DISCARDED, Standing.ERASED})
UNFINISHED = UNDER_WAY | {Standing.FAILED}
"""Drafts that an answer may still come for: a failed one may be sent back from the dead letters."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft.

    Attributes:
        sources: The documents that it was written from, by itself or by the drafts that it was made from.
        committed: It is, or was, the episode's script.

    """

    episode_id: UUID
    job_id: UUID
    standing: Standing = Standing.REQUESTED
    sources: tuple[UUID, ...] = ()
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode.

    Attributes:
        script: The draft that is its script now.
        number: How often a draft was committed.

    """

    revision: int = 1
    archived: bool = False
    script: UUID | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A project.

    Attributes:
        revision: 0 before it was created.
        deleted: It was, and nothing else is remembered of it.
        documents: Those that it has.
        order: Its episodes, in their order.

    """

    revision: int = 0
    archived: bool = False
    deleted: bool = False
    documents: frozenset[UUID] = frozenset()
    order: tuple[UUID, ...] = ()
    episodes: Mapping[UUID, Episode] = field(default_factory=dict)
    drafts: Mapping[UUID, Draft] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """Whether it was created and not deleted."""
        return self.revision > 0 and not self.deleted

    def drafts_of(self, episode_id: UUID) -> tuple[UUID, ...]:
        """The drafts of an episode."""
        return tuple(draft_id for draft_id, draft in self.drafts.items() if draft.episode_id == episode_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a command beside what it says.

    Attributes:
        job_id: Its id.
        unreadable: A key of what is personal in it is gone: there is nothing to go by, and nothing can be said of it.

    """

    job_id: UUID
    unreadable: bool = False


def stopped(before: State, after: State) -> tuple[UUID, ...]:
    """The jobs whose writing a decision ends: no worker is to go on with them."""
    return tuple(
        draft.job_id
        for draft_id, draft in before.drafts.items()
        if draft.standing in UNFINISHED
        and (draft_id not in after.drafts or after.drafts[draft_id].standing in _STOPPED)
    )
