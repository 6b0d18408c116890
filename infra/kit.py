"""`make kit`: builds the wheel `muniment-consumer`, which is `muniment.schemas` and nothing else of Muniment.

For programs that read the topics with a Kafka client of their own. It is made of the very same files as the whole
distribution, with the version and the bounds of its few dependencies taken from the project's `pyproject.toml`; do not
install both into one environment, since both hold `muniment/schemas`.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "muniment-consumer"
NEEDS = ("cryptography", "fastavro", "httpx2")
"""What typed events, sealed fields and the look-up of keys need."""
LEFT_OUT = ("compatibility.py", "export.py", "metrics.py", "seal_compatibility.py", "subjects.py")
"""Modules that are for the house alone, and would need more."""
_TEMPLATE = """\
[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
description = "Typed events from Muniment's Kafka topics, and what is sealed on them for who may open it."
readme = "README.md"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dependencies = {dependencies}

[tool.setuptools]
packages = {packages}

[tool.setuptools.package-dir]
"muniment.schemas" = "schemas"

[tool.setuptools.package-data]
"*" = ["py.typed", "*.json", "avro/*.avsc", "golden/*.json"]
"""
_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def project_file() -> str:
    """The `pyproject.toml` of the kit.

    Raises:
        KeyError: when the project itself no longer needs what the kit does.

    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = {re.split(r"[\[<>=!~ ;]", one, maxsplit=1)[0]: one for one in project["dependencies"]}
    folders = sorted(path.parent for path in (ROOT / "schemas").rglob("__init__.py"))
    packages = ["muniment." + folder.relative_to(ROOT).as_posix().replace("/", ".") for folder in folders]
    return _TEMPLATE.format(
        name=NAME,
        version=project["version"],
        dependencies=json.dumps([bounds[name] for name in NEEDS]),
        packages=json.dumps(packages),
    )


def build(out: Path) -> Path:
    """Build the wheel into a folder, offline; where it is. Raises `CalledProcessError` with what the build printed."""
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        shutil.copytree(
            ROOT / "schemas", source / "schemas", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", *LEFT_OUT)
        )
        (source / "pyproject.toml").write_text(project_file(), "utf-8")
        shutil.copy(ROOT / "docs" / "consumers.md", source / "README.md")
        shutil.copy(ROOT / "LICENSE", source / "LICENSE")
        for old in out.glob("muniment_consumer-*.whl"):
            old.unlink()
        # The interpreter of the project's environment: setuptools is there, so nothing is fetched.
        command = [sys.executable, "-c", _BUILD, str(out)]
        subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    (built,) = out.glob("muniment_consumer-*.whl")
    return built


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
