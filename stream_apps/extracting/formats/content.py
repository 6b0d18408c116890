"""What a reader gives back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.progress import Progress


@dataclass(frozen=True, slots=True)
class Content:
    """A document that has been opened: what is known at once, and its passages as they are read.

    `pages` is None where the format has none. The passages own whatever is open, and close it when they end.
    """

    passages: Iterator[Passage]
    title: str | None = None
    pages: int | None = None


Reader = Callable[[Path, Progress], Content]
