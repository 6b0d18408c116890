"""Virtual environments beside the one that the tests run in: what is installed there is there, and nothing else."""

import subprocess
import sys
from pathlib import Path

UV = Path(__file__).parents[2] / ".muniment" / "uv" / "bin" / "uv"


def environment(folder: Path) -> Path:
    """An empty environment in this folder; its Python."""
    _run(str(UV), "venv", "-q", "--python", sys.executable, str(folder))
    return folder / "bin" / "python"


def install(python: Path, *what: str) -> None:
    """Install packages, or files of requirements after `-r` or `-c`, as `uv pip install` takes them."""
    _run(str(UV), "pip", "install", "-q", "--python", str(python), *what)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
