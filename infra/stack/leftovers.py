"""Processes of an earlier stack that nobody supervises any more.

Each part is told by the kernel when its supervisor dies (`setpriv --pdeathsig`), so there should be none; what is
found all the same (a child of a child, a part that hangs) carries a mark in its environment and is ended here.
A process is matched by that mark, never by its number alone.
"""

import os
import signal
from pathlib import Path

import psutil

MARK = "MUNIMENT_STACK_HOME"
ASK_S = 8.0
INSIST_S = 5.0


def mark(home: Path) -> str:
    """What the processes of the stack in `home` carry in their environment as `MARK`."""
    return str(home.resolve())


def is_ours(environment: dict[str, str], command: list[str], home: Path) -> bool:
    """Whether a process belongs to the stack in `home`: by its mark, or as the Postgres of its data folder."""
    if environment.get(MARK) == mark(home):
        return True
    # Postgres may have overwritten its own environment: it moves its title there.
    named = [command[place + 1] for place, word in enumerate(command[:-1]) if word == "-D"]
    return bool(command) and Path(command[0]).name == "postgres" and any(_of(home, data) for data in named)


def _of(home: Path, data: str) -> bool:
    noted = home / "postgres-home"
    places = [home / "postgres"] + ([Path(noted.read_text().strip())] if noted.exists() else [])
    return any(Path(data).is_relative_to(place.resolve()) for place in places)


def find(home: Path) -> list[psutil.Process]:
    """Every living process of the stack in `home`, except this one and those that started it."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and is_ours(process.environ(), process.cmdline(), home):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def sweep(home: Path) -> int:
    """End what is left of an earlier stack; returns how many processes there were."""
    found = find(home)
    # SIGINT is the fast stop of Postgres and an ordinary one of all others.
    _send(found, signal.SIGINT)
    _, left = psutil.wait_procs(found, timeout=ASK_S)
    _send(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=INSIST_S)
    return len(found)
