"""A folder with a stack of its own, used through the command line, as a person does."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from muniment.infra.stack import leftovers, record

ROOT = Path(__file__).parents[2]
MUNIMENT = Path(sys.executable).with_name("muniment")
MODEL = ROOT / ".muniment" / "models"
FOUNDATIONS = "kafka,postgres"
ALL = f"{FOUNDATIONS},embedding" if MODEL.exists() else FOUNDATIONS
START_TIMEOUT_S = 100


class Folder:
    """One folder with a stack of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / ".muniment"
        (self.home / "kafka").mkdir(parents=True)
        (self.home / "kafka" / "lib").symlink_to(ROOT / ".muniment" / "kafka" / "lib")
        if MODEL.exists():
            (self.home / "models").symlink_to(MODEL)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MUNIMENT_", "OPENAI_"))}
        self.environment = {**kept, "MUNIMENT_PARTITIONS": "2", "MUNIMENT_KAFKA_HEAP_MIB": "256"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return subprocess.run(
            [str(MUNIMENT), *words],
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )

    def up(self, parts: str = FOUNDATIONS) -> None:
        """Start in the background, all well."""
        done = self.run("up", "--detach", "--only", parts)
        assert done.returncode == 0, done.stderr

    def record(self) -> record.Record:
        """What runs."""
        found = record.running(self.home)
        assert found is not None
        return found

    def pid_of(self, name: str) -> int:
        """The process of a part, by its parent and command line."""
        words = {"kafka": "kafka.Kafka", "postgres": "/bin/postgres"}[name]
        for child in psutil.Process(self.record().supervisor.pid).children():
            if any(words in word for word in child.cmdline()):
                return child.pid
        raise AssertionError(f"{name} does not run")

    def left(self) -> list[psutil.Process]:
        """Processes of this stack."""
        return leftovers.find(self.home)


@contextmanager
def stack_folder() -> Iterator[Folder]:
    """A folder under a short path that Postgres's account can walk to; whatever a failed test leaves is ended."""
    path = Path(tempfile.mkdtemp(prefix="muniment-up-"))
    path.chmod(0o755)
    one = Folder(path)
    try:
        yield one
    finally:
        leftovers.sweep(one.home)
        shutil.rmtree(path, ignore_errors=True)
