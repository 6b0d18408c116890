"""Where the brokers and servers of tests keep their files: in memory, where the machine has the room.

Each test has a database of its own, of a thousand files, which are gone after it. ext4 gives out no inode that was
freed within the last minutes, and looks at each of those again for every new file: after some hundred databases, that
took most of the machine's time.
"""

import os
import shutil
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""What the files of all processes of a run may come to, with a margin."""
SPARE = 4 << 30
"""What has to be left for the programs."""


def fits(room: int, available: int) -> bool:
    """Whether so many free bytes of a file system in memory, and of the memory itself, are enough."""
    return room >= ROOM and available >= ROOM + SPARE


def new_folder(prefix: str, memory: Path = MEMORY) -> Path:
    """A new folder, in memory if there is room for it, else on disk; whoever asks removes it."""
    if not memory.is_dir() or not fits(psutil.disk_usage(str(memory)).free, psutil.virtual_memory().available):
        return Path(tempfile.mkdtemp(prefix=prefix))
    _sweep(prefix, memory)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=memory))


def _sweep(prefix: str, memory: Path) -> None:
    """Remove what killed processes have left: on disk it would only lie there, here it takes memory."""
    for folder in memory.glob(f"{prefix}*-*"):
        owner = folder.name.removeprefix(prefix).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
