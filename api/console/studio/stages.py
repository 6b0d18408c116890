"""What can be done with a draft, and what is to be said of it. Pure."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

WRITING = frozenset({"requested", "prompted"})
"""States in which a text is on its way."""
READABLE = frozenset({"written", "discarded"})
FORMATS = ("markdown", "fountain", "docx")


class Known(Protocol):
    """What has to be known of a draft."""

    @property
    def state(self) -> str:
        """How far it is."""
        ...

    @property
    def current(self) -> bool:
        """Whether it is the episode's script."""
        ...

    @property
    def numbers(self) -> Sequence[int]:
        """The versions of the script that it was."""
        ...


class Deeds:
    """What whoever may write can do with a draft, while nothing of it is archived."""

    def __init__(self, draft: Known, *, may_write: bool, archived: bool) -> None:
        open_to = may_write and not archived
        self.cancel = open_to and draft.state in WRITING
        self.edit = open_to and draft.state in READABLE
        self.commit = open_to and draft.state in READABLE and not draft.current
        self.restore = self.commit and bool(draft.numbers)
        self.discard = open_to and draft.state == "written" and not draft.numbers
        self.export = draft.state in READABLE


def ancestor(yours: Sequence[UUID], theirs: Sequence[UUID]) -> UUID | None:
    """The draft that both were made from: each line names a draft first, then what it was made from."""
    known = set(theirs)
    return next((one for one in yours if one in known), None)


def moved_on(draft: UUID, script: UUID | None, lineage: Sequence[UUID]) -> bool:
    """Whether the episode's script has become another one than what a draft was made from."""
    return script is not None and script != draft and script not in lineage


def share(part: int | None, whole: int | None) -> int:
    """Per cent, for a bar; 0 where nothing is known."""
    return round(100 * min(part, whole) / whole) if part and whole else 0
