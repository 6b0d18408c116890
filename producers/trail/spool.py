"""Files of entries that are not on the log yet: each process appends to its own, and takes over those of dead ones.

An append is one `write` to a file that the process holds locked (`flock`): what was written outlives the process, also
by `kill -9`, though not the loss of power in the milliseconds until the broker has confirmed it; the embedded broker
itself promises no more. The kernel drops the lock with the process: so others know whose file to take over.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from muniment.producers.trail.frames import framed, unframed
from muniment.schemas.record import Record

FILE_BYTES = 4 * 1024 * 1024
"""Past this a new file is begun, so that the one before can go: what is sent once more after a kill is no more."""


class Spool:
    """A file of this process below `folder`, locked until it is closed. Raises `OSError` where the disk does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.size = 0
        self._descriptor, self.path = _begun(folder)

    def append(self, record: Record) -> None:
        """Write a record. When the disk takes only a part of it, that part is taken back.

        Raises:
            OSError: it is not written.

        """
        frame = framed(record)
        try:
            written = os.write(self._descriptor, frame)
            if written < len(frame):
                os.write(self._descriptor, frame[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
                os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self.size += len(frame)

    def empty(self) -> None:
        """Everything in it is on the log: begin at its start again."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.size = 0

    def close(self, *, remove: bool) -> None:
        """Let go of it; with `remove` nothing in it is needed any more, else another process takes it over."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def orphans(folder: Path, *own: Path) -> Iterator["Orphan"]:
    """The files of processes that are gone, the oldest first, each locked while it is looked at."""
    found = sorted(folder.glob("*.trail"), key=_age) if folder.is_dir() else []
    for path in found:
        if path in own:
            continue
        with _taken(path) as mine:
            if mine:
                yield Orphan(path)


class Orphan:
    """What a process that is gone has left."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[Record]:
        """Its records, in order; some may be on the log."""
        return unframed(self.path.read_bytes())

    def remove(self) -> None:
        """All of it is on the log."""
        self.path.unlink(missing_ok=True)


def _begun(folder: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f"{os.getpid()}-", suffix=".trail")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if Path(name).exists():
            return descriptor, Path(name)
        # Between its making and its lock somebody took it for an empty file of a dead process, and removed it.
        os.close(descriptor)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        # Removed by its owner, or another heir, between the look and the lock: nothing is left to take over.
        yield path.exists()
    finally:
        os.close(descriptor)
