"""What tests let a child process do: it has to be importable there."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.stream_apps.chunking.work import work as chunk
from muniment.stream_apps.extracting.work import work as extract
from muniment.stream_apps.progress import ProgressFile


def add(left: int, right: int) -> int:
    return left + right


def nothing() -> None:
    """A result of None is a result."""


def tell(path: Path, steps: int) -> str:
    """Say `steps` times how far it is, each time when the last one was seen: a file `seen N` beside `path` says so."""
    progress = ProgressFile(path)
    for done in range(1, steps + 1):
        progress(done, steps, "pages")
        while not path.with_name(f"seen {done}").exists():
            time.sleep(0.01)
    return "told"


def exit_at_once(code: int) -> None:
    os._exit(code)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(pid_file: Path) -> None:
    """Say who hangs, then hang without ever looking at anything."""
    pid_file.write_text(f"{os.getpid()}\n")
    while True:
        time.sleep(60)


def hang_beside(task: Any) -> None:
    """In place of a step's work: never end."""
    hang(task.progress.with_name("pid"))


def die_of(task: Any) -> None:
    """In place of a step's work: die of it."""
    del task
    kill_itself()


def refuse() -> None:
    raise Refused(ErrorCode.NO_TEXT, "there is no text in it")


def fail_with_patience() -> None:
    raise StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "slowly", retry_after_s=7.5)


def chatter() -> int:
    """Libraries print: nothing of it may reach the pipe that carries results."""
    print("noise " * 1000, flush=True)  # noqa: T201 - that is the point
    return os.getpid()


def own_pid(pause_s: float = 0.0) -> int:
    time.sleep(pause_s)
    return os.getpid()


def note_pid(folder: Path, pause_s: float) -> None:
    """Leave a file with the process's number."""
    (folder / str(os.getpid())).touch()
    time.sleep(pause_s)


def note_and_fail(folder: Path) -> None:
    note_pid(folder, 0.05)
    raise OSError("no such tokenizer")


def extract_slowly(task: Any) -> Any:
    """In place of extracting's work: the same, a second later."""
    time.sleep(1.0)
    return extract(task)


def chunk_slowly(task: Any) -> Any:
    """In place of chunking's work: the same, a second later."""
    time.sleep(1.0)
    return chunk(task)
