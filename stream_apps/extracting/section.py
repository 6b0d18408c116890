"""What extraction hands on: a piece of a document's text that knows where it came from."""

from dataclasses import dataclass

SECTION_CHARACTERS_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of extracted text, at most `SECTION_CHARACTERS_MAX` characters (Unicode code points).

    `start` is its character offset in the whole extracted text; sections joined in order give that text exactly,
    so separators such as newlines belong to a section's text. `page` counts from 1.
    """

    text: str
    start: int
    page: int | None
    heading: str | None

    @property
    def end(self) -> int:
        """The offset just after the last character, which is the `start` of the next section."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a format's reader yields: text of any length under one page and heading, not yet cut to size."""

    text: str
    page: int | None = None
    heading: str | None = None
