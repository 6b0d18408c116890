"""One pass over a document: its text in sections, and what is known of it afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.cutting import cut, storable
from muniment.stream_apps.extracting.formats.content import Content, Reader
from muniment.stream_apps.extracting.guarding import refusing_unreadable
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import FORMATS, Format, MediaType
from muniment.stream_apps.extracting.section import Section
from muniment.stream_apps.progress import Progress, silent

_LABEL_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class Summary:
    """What a whole pass found: `title` is the document's own, else its first heading."""

    characters: int
    sections: int
    pages: int | None
    title: str | None


class Extraction:
    """Iterates once over the sections; `summary` is there when the iteration has ended."""

    def __init__(self, sections: Iterator[Section], content: Content) -> None:
        self._sections = sections
        self._content = content
        self._summary: Summary | None = None

    def __iter__(self) -> Iterator[Section]:
        """Yield the sections; raises `Refused` on the way when the document turns out to be at fault."""
        heading: str | None = None
        characters = count = 0
        for section in self._sections:
            heading = heading or section.heading
            characters, count = section.end, count + 1
            yield section
        title = label(self._content.title) or heading
        self._summary = Summary(characters, count, self._content.pages, title)

    @property
    def summary(self) -> Summary:
        """The summary of a finished pass; asking earlier is a mistake of the caller's (`RuntimeError`)."""
        if self._summary is None:
            raise RuntimeError("the summary exists only after all sections have been read")
        return self._summary


def extract(
    path: Path, media_type: MediaType, *, on_progress: Progress = silent, limits: Limits | None = None
) -> Extraction:
    """Read a document that `check` let pass.

    Raises `Refused` here or while iterating: UNREADABLE_DOCUMENT, ENCRYPTED_DOCUMENT, NO_TEXT, TOO_LARGE.
    """
    known = FORMATS.get(media_type)
    if known is None:
        raise Refused(ErrorCode.TYPE_NOT_ALLOWED, "This type of document is not read here.")
    with refusing_unreadable(known.name):
        reader: Reader = import_module(f"{__package__}.formats.{known.reader}").read
        content = reader(path, on_progress)
    return Extraction(_bounded(content, known, (limits or Limits()).characters_max), content)


def label(text: str | None) -> str | None:
    """Return a title or heading on one line, storable and of bounded length; None when nothing is left."""
    return storable(" ".join((text or "").split())[:_LABEL_CHARACTERS_MAX]) or None


def _bounded(content: Content, known: Format, characters_max: int) -> Iterator[Section]:
    blank = True
    with refusing_unreadable(known.name):
        for section in cut(content.passages):
            if section.end > characters_max:
                raise Refused(ErrorCode.TOO_LARGE, f"The text is longer than {characters_max:,} characters.")
            blank = blank and section.text.isspace()
            yield Section(section.text, section.start, section.page, label(section.heading))
    if blank:
        raise Refused(ErrorCode.NO_TEXT, f"This {known.name} holds no text.{known.without_text}")
