"""The consumer kit as somebody else has it: its wheel in an environment of its own, with a Kafka client beside it."""

from importlib.metadata import version
from pathlib import Path

from support.environments import environment, install

from muniment.infra import kit


def installed(folder: Path, *others: str) -> Path:
    """Builds the kit and installs it with these packages, at the versions that are here; its Python."""
    wheel = kit.build(folder / "dist")
    python = environment(folder / "venv")
    install(python, str(wheel), *(f"{name}=={version(name.split('[')[0])}" for name in (*kit.NEEDS, *others)))
    return python
