"""What is written into a file, whatever its format: the text with its marks resolved, and what it is. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from muniment.producers.writing.sentences import MARK

_MARK, _NUMBER = re.compile(MARK), re.compile(r"\d+")
PLACE = "\x01"
"""A control character, which no text has once it was made safe for its format."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a mark leads to.

    Attributes:
        number: The mark's number.
        document: The document's title; `None` where the mark leads to none, or its document was deleted or erased.
        said_from: Where the sentence that it stands for begins, in the text.
        said_to: Where that ends, exclusive.
        holds: Whether the passage says what the sentence says; `None` as long as nobody has looked.

    """

    number: int
    document: str | None
    version: int
    page: int | None
    start: int
    end: int
    said_from: int
    said_to: int
    holds: bool | None
    document_id: UUID | None = None

    @property
    def where(self) -> str:
        """The source in words, with what has to be known of it."""
        if self.document_id is None:
            return "no passage has this number"
        title = self.document or "a document that is no longer there"
        page = f", page {self.page}" if self.page else ""
        return f"{title}, version {self.version}{page}, characters {self.start}–{self.end}"

    @property
    def doubt(self) -> str:
        """What is wrong with it; empty where nothing is."""
        if self.holds is None:
            return "not checked"
        return "" if self.holds else "does not hold"

    @property
    def label(self) -> str:
        """The source in words, what is wrong with it first."""
        return f"{self.doubt.capitalize()}: {self.where}" if self.doubt else self.where


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft, or a version of an episode's script, on its way into a file.

    Attributes:
        number: The version; `None` for a draft that is none.
        model: What wrote it, as `provider/model`; empty for a person.
        written_at: When.

    """

    project: str
    episode: str
    draft_id: UUID
    text: str
    notes: Sequence[Note]
    number: int | None = None
    model: str = ""
    language: str = ""
    written_at: datetime | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return self.episode or "Untitled"

    @property
    def edition(self) -> str:
        """Which of its texts this is."""
        return f"version {self.number}" if self.number else "draft"

    @property
    def identity(self) -> str:
        """Which text this is, by its ids."""
        return f"{self.edition}, draft {self.draft_id}" if self.number else f"draft {self.draft_id}"

    def parts(self) -> Iterator[str | Note]:
        """The text in order, each mark as what it leads to; a mark that nobody knows of leads nowhere.

        `[1, 4]` is two marks.
        """
        at = 0
        for found in _MARK.finditer(self.text):
            if found.start() > at:
                yield self.text[at : found.start()]
            for number in _NUMBER.findall(found[1]):
                yield self._note(int(number), found.start())
            at = found.end()
        if at < len(self.text):
            yield self.text[at:]

    def with_places(self, safe: Callable[[str], str]) -> tuple[str, list[Note]]:
        """The text with a place for each mark, its number among the notes between two characters `PLACE`; the notes.

        What `safe` makes of the text may not hold that character.
        """
        notes: list[Note] = []
        text = ""
        for part in self.parts():
            if isinstance(part, str):
                text += safe(part)
            else:
                notes.append(part)
                text += f"{PLACE}{len(notes)}{PLACE}"
        return text, notes

    def _note(self, number: int, at: int) -> Note:
        mine = [note for note in self.notes if note.number == number]
        if not mine:
            return Note(number, None, 0, None, 0, 0, at, at, holds=None)
        # The same passage may be cited by several sentences: the nearest is the one that this mark stands in.
        return min(mine, key=lambda note: max(note.said_from - at, at - note.said_to, 0))
