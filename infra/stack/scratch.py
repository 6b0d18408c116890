"""A home of its own for one run (the demo, the benchmark, an end-to-end test), beside what set-up has installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from muniment.infra.stack.start import child_environment

DOWNLOADS = ("kafka/lib", "models")
"""What a home shares with the one that set-up filled."""


def make(home: Path, installed: Path) -> Path:
    """An empty home at `home` that uses the downloads in `installed`; a stack that ran there is ended first."""
    home = home.resolve()
    if (home / "run").exists():
        muniment(home, "down", capture=True)
    shutil.rmtree(home, ignore_errors=True)
    for name in DOWNLOADS:
        link = home / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((installed / name).resolve())
    return home


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of commands on that home: its settings, and none of the caller's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MUNIMENT_", "OPENAI_"))}
    return {**child_environment(kept, str(home)), "MUNIMENT_HOME": str(home), **settings}


def muniment(
    home: Path, *words: str, settings: Mapping[str, str] | None = None, capture: bool = False, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the command line on that home; `CalledProcessError` when it fails and `check` is set.

    `capture` takes its standard output; its standard error, where progress is shown, stays that of the caller.
    """
    command = [sys.executable, "-m", "muniment.infra.cli.main", *words]
    return subprocess.run(  # noqa: S603 - our own command line
        command,
        env=environment(home, **(settings or {})),
        text=True,
        stdout=subprocess.PIPE if capture else None,
        check=check,
    )
