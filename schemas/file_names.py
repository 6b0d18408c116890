"""File names as they are kept: whatever a stranger calls a file, it is one part of a path."""

from pathlib import PurePosixPath, PureWindowsPath

LONGEST = 255


def clean_name(given: str, default: str = "document") -> str:
    """The last part of a file name, whichever system it comes from, without control characters, at most 255 long."""
    last = PurePosixPath(PureWindowsPath(given).as_posix()).name
    printable = "".join(c for c in last if c.isprintable()).strip()
    return printable[-LONGEST:] or default
