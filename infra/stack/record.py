"""`.muniment/run/stack.json`: what runs and where, for other commands in the same folder. Mode 0600: it has secrets.

The file is there while a stack runs, and stays after a crash; whether its supervisor lives is asked of the kernel.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from muniment.infra.settings import Settings, with_stack

CLOCK_SLACK_S = 1.0
"""Start times are read in ticks and compared as seconds."""


@dataclass(frozen=True)
class Process:
    """A process that cannot be mistaken for a later one with the same number. `started` is seconds since 1970."""

    pid: int
    started: float

    def alive(self) -> bool:
        """Whether it is this very process that runs now."""
        try:
            found = psutil.Process(self.pid)
            started, status = float(found.create_time()), str(found.status())
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) < CLOCK_SLACK_S and status != "zombie"


@dataclass(frozen=True)
class Record:
    """The running stack. `settings` are those that the stack filled in; `addresses` are for people."""

    supervisor: Process
    ports: dict[str, int]
    settings: dict[str, Any]
    addresses: dict[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()


def record_file(home: Path) -> Path:
    """Where the record of the stack in that home lies."""
    return home / "run" / "stack.json"


def ports_file(home: Path) -> Path:
    """The ports of last time; kept when the stack ends, so that addresses stay the same."""
    return home / "run" / "ports.json"


def write_private(file: Path, text: str) -> None:
    """Write a file that only we can read, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    new.replace(file)


def write(home: Path, record: Record) -> None:
    """Replace the record and remember the ports."""
    write_private(record_file(home), json.dumps(asdict(record), indent=2) + "\n")
    write_private(ports_file(home), json.dumps(record.ports) + "\n")


def read(home: Path) -> Record | None:
    """The record, or none when no stack was started or the file is not one of ours."""
    try:
        found = json.loads(record_file(home).read_text())
        supervisor = Process(**found.pop("supervisor"))
        return Record(supervisor=supervisor, parts=tuple(found.pop("parts")), **found)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def ports_before(home: Path) -> dict[str, int]:
    """The ports of the last stack in that home."""
    try:
        found: dict[str, int] = json.loads(ports_file(home).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def running(home: Path) -> Record | None:
    """The record of a stack whose supervisor lives."""
    found = read(home)
    return found if found and found.supervisor.alive() else None


def load_settings(**given: Any) -> Settings:
    """The settings every command and part uses: what was set, and for the rest what the stack in `home` recorded."""
    settings = Settings(**given)
    found = read(settings.home.resolve())
    return with_stack(settings, found.settings) if found else settings
