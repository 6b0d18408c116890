"""The settings file of `supervisord`, which keeps the parts running: restart with back-off, signals, grace, logs.

Its stages are groups with a priority: it starts them in order and, told to end, stops the last one first.
"""

import os
import resource
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muniment.infra.stack.parts import Part, Stage

PRIORITY = {Stage.LOG: 1, Stage.BASE: 10, Stage.APPS: 30}
START_SECONDS = 10
"""A part that ends sooner than this has failed to start: the next try comes a second later than the last one did."""
START_RETRIES = 100_000
"""No part is given up: what keeps one from starting for hours, a full disk say, is over one day without a word to us.
The pauses grow by a second each, to a minute and a half in the first hour."""
LOG_BYTES = 20 * 1024 * 1024
LOG_FILES = 3
SOCKET_PATH_MAX = 100
"""Bytes; the kernel takes 107."""


@dataclass(frozen=True)
class Places:
    """Where the supervisor keeps its own files."""

    home: Path

    @property
    def run(self) -> Path:
        """Settings, sockets, records."""
        return self.home / "run"

    @property
    def config(self) -> Path:
        """The rendered settings."""
        return self.run / "supervisord.conf"

    @property
    def logs(self) -> Path:
        """One file a part, and `muniment.log` with all of them."""
        return self.home / "logs"

    @property
    def parts(self) -> Path:
        """What each part wrote itself."""
        return self.logs / "parts"

    @property
    def merged(self) -> Path:
        """The one readable log."""
        return self.logs / "muniment.log"

    def log_of(self, part: Part) -> Path:
        """Where the supervisor puts what a part writes."""
        return self.merged if part.stage is Stage.LOG else self.parts / f"{part.name}.log"

    @property
    def socket(self) -> Path:
        """Where the supervisor listens; under a deep folder in a short one, since socket paths are short."""
        wanted = self.run / "supervisor.sock"
        if len(os.fsencode(wanted)) <= SOCKET_PATH_MAX:
            return wanted
        status = self.home.stat()
        return Path(f"/tmp/muniment-{os.geteuid()}-{status.st_dev:x}-{status.st_ino:x}.sock")  # noqa: S108


def escaped(text: str) -> str:
    """`%` begins an expansion in the supervisor's settings."""
    return text.replace("%", "%%")


def quoted(words: Sequence[str]) -> str:
    """A command line as the supervisor splits it again."""
    return escaped(shlex.join(words))


def environment(values: Mapping[str, str]) -> str:
    """Variables in the supervisor's own quoting."""
    for value in values.values():
        if '"' in value or "\n" in value:
            raise ValueError("a variable of a part cannot hold a double quote or a line end")
    return ",".join(f'{name}="{escaped(value)}"' for name, value in sorted(values.items()))


def command(part: Part) -> tuple[str, ...]:
    """The part's command line, told by the kernel when the supervisor is gone (Linux)."""
    if not part.orphan_signal:
        return part.command
    return ("setpriv", f"--pdeathsig={part.orphan_signal}", *part.command)


def _program(part: Part, places: Places, common: Mapping[str, str]) -> list[str]:
    folder = part.folder or Path.cwd()
    return [
        f"[program:{part.name}]",
        f"command={quoted(command(part))}",
        f"directory={escaped(str(folder))}",
        f"environment={environment({**common, **part.environment})}",
        # Parts with prerequisites are started by `up`, once these are there.
        f"autostart={'false' if part.stage is Stage.APPS else 'true'}",
        "autorestart=true",
        f"startsecs={START_SECONDS}",
        f"startretries={START_RETRIES}",
        f"stopsignal={part.stop_signal}",
        f"stopwaitsecs={part.grace_s}",
        # The stop signal goes to the part alone, which knows its children; the last resort goes to all of them.
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={escaped(str(places.log_of(part)))}",
        f"stdout_logfile_maxbytes={LOG_BYTES}",
        f"stdout_logfile_backups={LOG_FILES}",
        "",
    ]


def file_limit() -> int:
    """As many open files as we may have: a broker has three a segment."""
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)


def render(parts: Sequence[Part], places: Places, common: Mapping[str, str]) -> str:
    """The whole settings file. It holds secrets: write it private."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        *(["user=root"] if os.geteuid() == 0 else []),
        f"logfile={escaped(str(places.logs / 'supervisor.log'))}",
        f"logfile_maxbytes={LOG_BYTES}",
        "logfile_backups=1",
        "loglevel=info",
        f"pidfile={escaped(str(places.run / 'supervisord.pid'))}",
        f"childlogdir={escaped(str(places.parts))}",
        f"minfds={file_limit()}",
        "minprocs=64",
        "",
        "[unix_http_server]",
        f"file={escaped(str(places.socket))}",
        "chmod=0600",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    for stage in Stage:
        members = [part for part in parts if part.stage is stage]
        for part in members:
            lines += _program(part, places, common)
        if members:
            names = ",".join(part.name for part in members)
            lines += [f"[group:{stage}]", f"programs={names}", f"priority={PRIORITY[stage]}", ""]
    return "\n".join(lines)
