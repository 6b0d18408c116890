"""A folder for what one process has half done: its files are documents in clear, and `kill -9` asks nobody.

Each process locks a folder of its own below the root for as long as it lives; whoever comes next removes the folders
that nobody holds any more. The kernel drops the lock with the process, however that ends.

What goes is overwritten first. That reaches the same blocks on a file system that writes in place, which is most; not
on one that copies on write, nor behind the back of a flash disk.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

WRITTEN_BACK_S = 5.0
"""What is younger, and was not synced, has hardly reached the disk: zeros need not be waited for there, they replace it
on its way."""
_ZEROS = bytes(1 << 20)


class OwnFolder:
    """A new folder below `root`, held until it is closed, collected or the process ends. Raises `OSError`."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        # One at a time, or a new folder could be taken for a dead one between its making and its lock.
        with _locked(root):
            _sweep(root)
            self.path = Path(tempfile.mkdtemp(dir=root, prefix=f"{os.getpid()}-"))
            descriptor = os.open(self.path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        self.close = weakref.finalize(self, _drop, self.path, descriptor)


@asynccontextmanager
async def scratch(folder: Path, prefix: str) -> AsyncIterator[Path]:
    """A new folder below `folder` for one piece of work; overwritten and removed when it is left."""
    made = Path(tempfile.mkdtemp(dir=folder, prefix=prefix))
    try:
        yield made
    finally:
        # In a thread: a large file takes its time, and the loop has others to serve.
        await asyncio.to_thread(remove, made)


def remove(path: Path, *, synced: bool = False) -> None:
    """Overwrite every file below `path` with zeros and remove all of it; what cannot be written is removed as it is.

    `synced`: it was synced to the disk, however young it is, so the zeros have to reach the disk, too.
    """
    if path.is_dir() and not path.is_symlink():
        for place, _, names in os.walk(path):
            for name in names:
                _overwrite(Path(place, name), synced=synced)
        shutil.rmtree(path, ignore_errors=True)
    else:
        _overwrite(path, synced=synced)
        path.unlink(missing_ok=True)


def _overwrite(path: Path, *, synced: bool) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            known = os.fstat(descriptor)
            left = known.st_size
            while left:
                left -= os.write(descriptor, _ZEROS[:left])
            if synced or time.time() - known.st_mtime >= WRITTEN_BACK_S:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(root: Path) -> None:
    for found in root.iterdir():
        if found.is_dir():
            with suppress(BlockingIOError, FileNotFoundError), _locked(found, fcntl.LOCK_EX | fcntl.LOCK_NB):
                remove(found)
        else:
            remove(found)


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _drop(path: Path, descriptor: int) -> None:
    remove(path)
    os.close(descriptor)
