"""Which files a person means by some paths: folders walked, links followed once, what cannot be taken named."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to submit."""

    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class WantedUrl:
    """An address whose content is to be submitted."""

    url: str


def is_url(given: str) -> bool:
    """Whether a person means an address; a file of such a name is written as `./http://…`."""
    return given.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is not submitted, and why."""

    path: Path
    reason: str


Found = Wanted | Skipped


def walk(paths: Iterable[Path], *, hidden: bool = False, deep: bool = True) -> Iterator[Found]:
    """Every file under these paths, in order of name. A path that was named is taken even when it is hidden.

    Without `deep` the folders in a folder are left out.
    A file or folder that is reached twice (through a link, or because two paths overlap) is taken once, so a loop of
    links ends.
    """
    walker = _Walker(hidden=hidden, deep=deep)
    for path in paths:
        # Made absolute, not resolved: a document goes by the name that the person gave.
        yield from walker.at(Path(os.path.abspath(path)), depth=0)  # noqa: PTH100


class _Walker:
    def __init__(self, *, hidden: bool, deep: bool) -> None:
        self._hidden = hidden
        self._deep = deep
        self._seen: set[tuple[int, int]] = set()

    def at(self, path: Path, depth: int) -> Iterator[Found]:
        try:
            facts = path.stat()
        except OSError as error:
            dangling = path.is_symlink() and isinstance(error, FileNotFoundError)
            yield Skipped(path, "link to nowhere" if dangling else _reason(error))
            return
        place = (facts.st_dev, facts.st_ino)
        if place in self._seen:
            yield Skipped(path, "seen already")
            return
        self._seen.add(place)
        if stat.S_ISDIR(facts.st_mode) and depth and not self._deep:
            yield Skipped(path, "a folder")
        elif stat.S_ISDIR(facts.st_mode):
            yield from self.inside(path, depth)
        elif not stat.S_ISREG(facts.st_mode):
            yield Skipped(path, "not a file")
        elif facts.st_size == 0:
            yield Skipped(path, "empty")
        elif not os.access(path, os.R_OK):
            yield Skipped(path, "unreadable")
        else:
            yield Wanted(path, facts.st_size)

    def inside(self, folder: Path, depth: int) -> Iterator[Found]:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - names are sorted as text, whatever they are
        except OSError as error:
            yield Skipped(folder, _reason(error))
            return
        for name in names:
            if name.startswith(".") and not self._hidden:
                yield Skipped(folder / name, "hidden")
            else:
                yield from self.at(folder / name, depth + 1)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "not there"
    return "unreadable" if isinstance(error, PermissionError) else (error.strerror or "unreadable").lower()
