"""What keeps files from being written to the folder that somebody has named, in a sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muniment.infra.not_set import NotSetError

_OF_FILES = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""Errors of the system that are about files: those of connections are told as what they are."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Let what is done in it fail with a sentence where the folder, or the disk that it is on, does not take files.

    Raises:
        NotSetError: says what is wrong, and what to do.

    """
    try:
        yield
    except OSError as error:
        if error.errno not in _OF_FILES:
            raise
        # Libraries raise some without a file, and with words of their own.
        raise NotSetError(
            f"{folder} cannot be written to: {error.strerror or error}\n"
            f"make room or give the right to write there and give the same command again, or name another folder"
        ) from error
