"""Half-done work goes with its process, and only with its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from muniment.producers.own_folder import OwnFolder, remove, scratch

_HOLD = """
import sys, time
from pathlib import Path
from muniment.producers.own_folder import OwnFolder
own = OwnFolder(Path(sys.argv[1]))
(own.path / "source").write_text("a document in clear")
print(own.path, flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """While its process lives a folder stays; after `kill -9` the next one removes it."""
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        first = OwnFolder(tmp_path)
        assert (theirs / "source").exists(), "its process lives"
    finally:
        other.kill()
        other.communicate()
    assert (theirs / "source").exists(), "nobody has looked yet"
    second = OwnFolder(tmp_path)
    assert not theirs.exists()
    assert first.path.exists()
    assert second.path.exists()


def test_a_closed_folder_is_gone(tmp_path: Path) -> None:
    """Closing removes it, and closing twice is fine; so does the end of whoever held it."""
    own = OwnFolder(tmp_path)
    own.close()
    own.close()
    OwnFolder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_loose_files_of_an_earlier_layout_are_swept(tmp_path: Path) -> None:
    """A draft that lies in the root itself belongs to nobody."""
    (tmp_path / "tmpabc").write_text("old")
    own = OwnFolder(tmp_path)
    assert list(tmp_path.iterdir()) == [own.path]


def held(path: Path) -> int:
    """A file under a name, and a descriptor that outlives the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a document in clear" * 100_000)
    return os.open(path, os.O_RDONLY)


def zeros(descriptor: int) -> bool:
    """Whether the file, nameless by now, is as long as it was and holds nothing but zeros."""
    with open(descriptor, "rb") as file:
        content = file.read()
    return len(content) == 1_900_000 and not any(content)


async def worked(folder: Path, descriptors: list[int], *, fails: bool) -> None:
    """A piece of work."""
    async with scratch(folder, "extracting-") as made:
        descriptors.append(held(made / "deep" / "source"))
        if fails:
            raise RuntimeError


async def test_what_a_step_leaves_is_overwritten(tmp_path: Path) -> None:
    """At the end of a run, and when it fails in the middle."""
    left: list[int] = []
    await worked(tmp_path, left, fails=False)
    with pytest.raises(RuntimeError):
        await worked(tmp_path, left, fails=True)
    assert not any(os.scandir(tmp_path))
    assert [zeros(descriptor) for descriptor in left] == [True, True]


def test_what_a_killed_process_left_is_overwritten(tmp_path: Path) -> None:
    """The next one that starts does it; and a process that ends does it itself."""
    left = held(tmp_path / "1-dead" / "source")
    loose = held(tmp_path / "tmpabc")
    own = OwnFolder(tmp_path)
    mine = held(own.path / "source")
    own.close()
    assert all(zeros(descriptor) for descriptor in (left, loose, mine))


def test_a_link_is_removed_and_its_target_left_alone(tmp_path: Path) -> None:
    """Whatever is put into the folder: only what is in it is overwritten."""
    (tmp_path / "kept").write_text("kept")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "kept")
    (folder / "itself").symlink_to(folder)
    remove(folder)
    assert not folder.exists()
    assert (tmp_path / "kept").read_text() == "kept"
