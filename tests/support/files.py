"""Files of a stack that runs: others of them come and go while somebody looks."""

import os
from collections.abc import Collection
from pathlib import Path


def files_below(folder: Path, *, without: Collection[str] = ()) -> list[Path]:
    """The files below a folder, but for folders of these names; none where it is not there. No links.

    What goes away meanwhile is there or not, and no error.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in without]
        found += [Path(place) / name for name in names]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def holds(path: Path, part: bytes) -> bool:
    """Whether the file has these bytes; one that went away has none."""
    try:
        return part in path.read_bytes()
    except FileNotFoundError:
        return False
