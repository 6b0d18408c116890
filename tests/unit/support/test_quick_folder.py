"""Folders of tests in memory: only where there is room, and none stays behind a process that was killed."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from support.quick_folder import ROOM, SPARE, fits, new_folder


@pytest.mark.parametrize(
    ("room", "available", "enough"),
    [
        (ROOM, ROOM + SPARE, True),
        (ROOM - 1, 1 << 40, False),
        (1 << 40, ROOM + SPARE - 1, False),
        (64 << 20, 8 << 30, False),
    ],
)
def test_memory_is_used_only_with_room_left_for_programs(room: int, available: int, enough: bool) -> None:
    """The file system has to have the room, and the memory that and more."""
    assert fits(room, available) is enough


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with room, whatever this one has."""
    monkeypatch.setattr(psutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1 << 40))


@pytest.mark.usefixtures("roomy")
def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    """A folder is known by the process that made it; one that no process made stays, too."""
    gone, used, strange = (tmp_path / f"p-{owner}-x" for owner in (2**22 + 1, os.getpid(), "somebody"))
    for folder in (gone, used, strange):
        (folder / "data").mkdir(parents=True)
    made = new_folder("p-", tmp_path)
    assert made.is_dir()
    assert sorted(tmp_path.iterdir()) == sorted([used, strange, made])


def test_without_memory_the_disk_is_used(tmp_path: Path) -> None:
    """Where there is no file system in memory, the folder is made where temporary folders are."""
    made = new_folder("p-", tmp_path / "none")
    try:
        assert made.is_dir()
        assert made.parent != tmp_path / "none"
    finally:
        shutil.rmtree(made)
