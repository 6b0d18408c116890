"""A disk that is soon full: a small tmpfs, which only root can mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Path]:
    """A new folder with room for so much; skips the test where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    allowed = os.geteuid() == 0
    if not allowed or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def fill(folder: Path, leave_kib: int = 0) -> Path:
    """Use up all the room but so much; removing the file that is returned gives it back."""
    path = folder / "something-else"
    with path.open("wb", buffering=0) as out, suppress(OSError):
        while out.write(b"x" * 4096):
            pass
    os.truncate(path, max(0, path.stat().st_size - leave_kib * 1024))
    return path
