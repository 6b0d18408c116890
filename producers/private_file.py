"""Small files that only this account may read and that a crash or a second process must never leave half-written."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One change of the file at a time. Its folder is locked, for the file itself is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def create(path: Path, text: str) -> None:
    """Make the file, mode 0600; one that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, text)
    try:
        # A link, not a rename: of two processes starting at once, one must not replace the key the other has used.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _keep_names(path.parent)


def replace(path: Path, text: str) -> None:
    """Put the text in the file's place at one moment, and for good: it is there after a loss of power, too."""
    _draft(path, text).replace(path)
    _keep_names(path.parent)


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_new(draft, text)
    return draft


def write_new(path: Path, text: str) -> None:
    """Write a new file, mode 0600, down to the disk; `FileExistsError` when there is one."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _keep_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
