"""Why a command about a project is decided against: stable codes, in `ProjectCommandRejected.code`."""

from enum import StrEnum


class Rejection(StrEnum):
    """Each says what is to be done about it."""

    NOT_FOUND = "not_found"
    """There is no such project, episode or draft, or it is deleted."""
    ALREADY_EXISTS = "already_exists"
    """Its id is taken."""
    REVISION_MISMATCH = "revision_mismatch"
    """Somebody else has changed it since it was read: read it again."""
    ARCHIVED = "archived"
    """It, or its project, is put away: take it up again first."""
    NOT_EMPTY = "not_empty"
    """It has episodes or drafts: delete those, or ask for `cascade`."""
    UNCHANGED = "unchanged"
    """It is so already: nothing had to be done."""
    TOO_MANY = "too_many"
    """The project has as many documents, episodes or drafts as one may have."""
    NOT_IN_PROJECT = "not_in_project"
    """A document that was named is not the project's."""
    DRAFT_NOT_READY = "draft_not_ready"
    """The draft is not written, and may never be."""
    DRAFT_ENDED = "draft_ended"
    """There is nothing left to cancel: the draft is written, or came to nothing."""
    DRAFT_COMMITTED = "draft_committed"
    """The draft is, or was, the episode's script."""
    ERASED = "erased"
    """What the command said was forgotten before it was decided."""


MOST_IN_PROJECT = 10_000
"""So many documents at most are in a project, and so many drafts."""
MOST_EPISODES = 1_000
"""So many episodes at most has a project."""
