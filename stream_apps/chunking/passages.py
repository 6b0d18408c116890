"""Sections put together where they are too small to be a chunk of their own: a heading and its one line, say."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.tokens import Counter
from muniment.stream_apps.scrubbing.section import ScrubbedSection

_CHARACTERS_A_TOKEN_MAX = 16
"""A text longer than this allows is taken for large without counting."""
_BLANK_CHARACTERS_MAX = 256
"""A longer stretch of white space is no reason to keep two sections together."""


@dataclass(frozen=True)
class Passage:
    """Neighbouring sections of one page as one text; `starts` says where in `text` each of them begins."""

    text: str
    sections: tuple[ScrubbedSection, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, section: ScrubbedSection) -> "Passage":
        """A passage of one section."""
        return cls(section.text, (section,), (0,))

    def joined(self, section: ScrubbedSection) -> "Passage":
        """Take in the section that begins where this passage ends."""
        return Passage(self.text + section.text, (*self.sections, section), (*self.starts, len(self.text)))

    def is_followed_by(self, section: ScrubbedSection) -> bool:
        """Whether `section` is the very next of the same page."""
        last = self.sections[-1]
        return section.page == last.page and section.start == last.end

    def at(self, position: int) -> tuple[ScrubbedSection, int]:
        """The section that holds a position of `text`, and the position in it."""
        index = bisect_right(self.starts, position) - 1
        return self.sections[index], position - self.starts[index]


def passages(sections: Iterable[ScrubbedSection], policy: ChunkPolicy, count: Counter) -> Iterator[Passage]:
    """Join a small passage with the section that follows, and a small section with what has the same heading.

    At most one passage is held, and it is bounded. A passage above the limit of tokens is cut later; a small one
    before it goes with it.
    """
    held: Passage | None = None
    for section in sections:
        blank = not section.text.strip()
        if held is None or not held.is_followed_by(section) or not _belong(held, section, policy, count, blank=blank):
            if blank:
                continue
            if held is not None:
                yield held
            held = Passage.of(section)
        else:
            held = held.joined(section)
    if held is not None:
        yield held


def _belong(held: Passage, section: ScrubbedSection, policy: ChunkPolicy, count: Counter, *, blank: bool) -> bool:
    if blank:
        return len(section.text) <= _BLANK_CHARACTERS_MAX

    def within(text: str, limit: int) -> bool:
        return len(text) <= limit * _CHARACTERS_A_TOKEN_MAX and count(text) <= limit

    joins = within(held.text, policy.small_tokens) or (
        held.sections[-1].heading == section.heading and within(section.text, policy.small_tokens)
    )
    # What has to be cut anyway takes the small one in; what fits as it is stays whole.
    return joins and (
        within(held.text + section.text, policy.max_tokens) or not within(section.text, policy.max_tokens)
    )
