"""The wheel, installed as somebody else installs it: in an environment of its own, with what it says it needs."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support import wheel
from support.environments import environment, install

LOCK = str(wheel.ROOT / "requirements.lock")
PROJECT: dict[str, Any] = tomllib.loads((wheel.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = ("embedded", "analytics")
"""Those that the lock file has."""
IMPORT_ALL = """
import importlib, json, pkgutil
import muniment
lacking, count = set(), 0
for module in pkgutil.walk_packages(muniment.__path__, "muniment."):
    try:
        importlib.import_module(module.name)
        count += 1
    except ModuleNotFoundError as error:
        lacking.add(error.name.split(".")[0])
from muniment.infra.migrations.apply import migrations
from muniment.schemas.schema_ids import ids
found = {"where": muniment.schemas.__file__, "count": count, "lacking": sorted(lacking)}
print(json.dumps(found | {"ids": len(ids()), "migrations": len(migrations())}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return wheel.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and what it depends on, in the versions of the lock file."""
    python = environment(tmp_path_factory.mktemp("installed") / "venv")
    install(python, str(built), "-c", LOCK)
    return python


def imported(python: Path, folder: Path) -> dict[str, Any]:
    """What became of importing every module there."""
    done = subprocess.run([python, "-I", "-c", IMPORT_ALL], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert Path(found["where"]).is_relative_to(python.parents[1])
    return found


def test_the_command_line_starts(python: Path, tmp_path: Path) -> None:
    """With no more than the wheel's own dependencies."""
    command = [python.with_name("muniment"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout


def test_what_a_module_needs_is_declared(python: Path, built: Path, tmp_path: Path) -> None:
    """All but what its extras are for can be imported without them, all with them, and files are found beside it."""
    extra = {re.split(r"[\[<>=!~ ;]", one)[0].replace("-", "_") for e in EXTRAS for one in needs(e)}
    alone = imported(python, tmp_path)
    assert set(alone["lacking"]) <= extra
    assert alone["ids"] > 0 < alone["migrations"]
    install(python, f"{built}[{','.join(EXTRAS)}]", "-c", LOCK)
    whole = imported(python, tmp_path)
    assert whole["lacking"] == []
    assert whole["count"] > alone["count"]


def needs(extra: str) -> list[str]:
    """The packages of an extra."""
    found: list[str] = PROJECT["optional-dependencies"][extra]
    return found
