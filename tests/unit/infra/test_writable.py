"""A folder that takes no files is told of in a sentence; nothing else is taken for one."""

import errno
import os
from pathlib import Path

import pytest

from muniment.infra.not_set import NotSetError
from muniment.infra.writable import writing_to


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EROFS])
def test_a_folder_that_takes_no_files_is_named(code: int) -> None:
    """With what the system says, and what to do."""
    words = rf"out/here cannot be written to: {os.strerror(code)}\n.*another folder"
    with pytest.raises(NotSetError, match=words), writing_to(Path("out/here")):
        raise OSError(code, os.strerror(code))


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(errno.ECONNREFUSED, "no"), OSError("of a library"), KeyError()]
)
def test_what_is_not_about_files_stays_what_it_is(error: Exception) -> None:
    """Who is away, and what is wrong in the program, is not blamed on a disk."""
    with pytest.raises(type(error)) as told, writing_to(Path("out")):
        raise error
    assert told.value is error
