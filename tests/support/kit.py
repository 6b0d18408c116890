"""The consumer kit as somebody else has it: its wheel in an environment of its own, with a Kafka client beside it."""

import subprocess
from importlib.metadata import version
from pathlib import Path

from muniment.infra import kit

UV = Path(__file__).parents[2] / ".muniment" / "uv" / "bin" / "uv"


def installed(folder: Path, *others: str) -> Path:
    """Builds the kit and installs it with these packages, at the versions that are here; its Python."""
    wheel = kit.build(folder / "dist")
    python = folder / "venv" / "bin" / "python"
    _run(str(UV), "venv", "-q", "--python", "3.11", str(folder / "venv"))
    pinned = [f"{name}=={version(name.split('[')[0])}" for name in (*kit.NEEDS, *others)]
    _run(str(UV), "pip", "install", "-q", "--python", str(python), str(wheel), *pinned)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
