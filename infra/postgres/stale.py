"""A `postmaster.pid` that a killed server left behind, whose number may belong to somebody else by now.

Postgres looks only at the number: when another process of the same account has it, the server refuses to start.
"""

from pathlib import Path

import psutil


def names(text: str) -> int | None:
    """The process number in the first line of a lock file, none when it has none."""
    first = text.partition("\n")[0].strip().lstrip("-")
    return int(first) if first.isdigit() else None


def is_stale(text: str, command: list[str] | None, data: Path) -> bool:
    """Whether the lock is nobody's: its process is gone (`command` is none) or is not the server of `data`."""
    if names(text) is None:
        # Half-written: a server that is just starting; Postgres itself decides.
        return False
    return command is None or not (Path(command[0]).name == "postgres" and str(data) in command)


def command_of(pid: int) -> list[str] | None:
    """The command line of a living process; none when there is no such process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.cmdline() or [process.name()]
    except psutil.NoSuchProcess:
        return None


def remove_stale_lock(data: Path) -> bool:
    """Remove the lock file of `data` if it is nobody's; says whether it did."""
    lock = data / "postmaster.pid"
    try:
        text = lock.read_text()
    except FileNotFoundError:
        return False
    pid = names(text)
    if pid is None or not is_stale(text, command_of(pid), data):
        return False
    lock.unlink()
    return True
