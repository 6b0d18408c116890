# ruff: isort: skip_file
"""libmagic, from the wheel that brings its own library and table, whatever the system has."""

# First: it puts the wheel's library where `magic` looks. The system's, with the wheel's table, is an error.
import pylibmagic  # noqa: F401
import magic
from functools import cache
from pathlib import Path


def describe(path: Path) -> tuple[str, str]:
    """Return libmagic's media type and charset ("binary" for what is no text)."""
    description: str = _table().from_file(str(path))
    found, _, charset = description.partition("; charset=")
    return found, charset


@cache
def _table() -> magic.Magic:
    return magic.Magic(mime=True, mime_encoding=True)
