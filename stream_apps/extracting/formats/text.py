"""Plain text: the file itself, decoded, so that offsets lead back into the original."""

from collections.abc import Iterator
from pathlib import Path

from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import TextSource
from muniment.stream_apps.progress import Progress


def read(path: Path, on_progress: Progress) -> Content:
    """Read any text, whatever its encoding."""
    return Content(_passages(path, on_progress))


def _passages(path: Path, on_progress: Progress) -> Iterator[Passage]:
    with TextSource(path, on_progress) as source:
        for piece in source.pieces():
            yield Passage(piece)
