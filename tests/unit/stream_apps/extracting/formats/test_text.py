"""Plain text."""

from collections.abc import Callable
from pathlib import Path

from muniment.stream_apps.extracting.media_types import PLAIN, MediaType
from muniment.stream_apps.extracting.section import Section

Read = Callable[[Path, MediaType], list[Section]]
Write = Callable[[bytes | str], Path]


def whole(sections: list[Section]) -> str:
    return "".join(section.text for section in sections)


def test_plain_text_is_the_file_itself(write: Write, read: Read) -> None:
    """Offsets lead back into the original, and a NUL is replaced without moving anything."""
    text = "첫 줄\r\nsecond\x00line\n" * 9000
    sections = read(write(text), PLAIN)
    assert whole(sections) == text.replace("\x00", "\ufffd")
    assert len(sections) > 1
