"""Files of keys: private, never half-written, and never gone back to after they were replaced."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from muniment.producers import private_file


def test_only_this_account_may_read_it(tmp_path: Path) -> None:
    """Made or replaced, the file has mode 0600, and no draft is left beside it."""
    path = tmp_path / "keys" / "ring.json"
    private_file.create(path, "first")
    made = stat.S_IMODE(path.stat().st_mode)
    private_file.replace(path, "second")
    assert (made, stat.S_IMODE(path.stat().st_mode)) == (0o600, 0o600)
    assert [(p.name, p.read_text()) for p in path.parent.iterdir()] == [("ring.json", "second")]


def test_what_is_there_is_not_made_anew(tmp_path: Path) -> None:
    """Of two processes that start at once, the second one keeps what the first has made."""
    path = tmp_path / "ring.json"
    private_file.create(path, "first")
    private_file.create(path, "second")
    assert path.read_text() == "first"


def test_a_new_file_takes_no_other_ones_place(tmp_path: Path) -> None:
    """A backup never overwrites one that is there."""
    path = tmp_path / "backup.json"
    private_file.write_new(path, "first")
    with pytest.raises(FileExistsError):
        private_file.write_new(path, "second")
    assert path.read_text() == "first"


@pytest.mark.parametrize("write", [private_file.create, private_file.replace])
def test_the_name_is_on_the_disk_before_anybody_relies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, str], None]
) -> None:
    """Keys that a database already names must not be lost with the power: the folder is brought to the disk last."""
    path, synced = tmp_path / "ring.json", []

    def fsync(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write(path, "text")
    assert synced == [(False, False), (True, True)]
