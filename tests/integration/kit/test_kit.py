"""The consumer kit stands by itself."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from support.kit import installed

from muniment.infra.kit import LEFT_OUT

ROOT = Path(__file__).parents[3]
IMPORT_ALL = """
import importlib, pkgutil
import muniment, muniment.schemas as schemas
assert [m.name for m in pkgutil.iter_modules(muniment.__path__)] == ["schemas"]
for module in pkgutil.walk_packages(schemas.__path__, "muniment.schemas."):
    importlib.import_module(module.name)
from muniment.schemas.catalogue import declarations
from muniment.schemas.schema_ids import ids
assert {d.key for d in declarations()} == set(ids())
print(schemas.__file__)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the kit."""
    return installed(tmp_path_factory.mktemp("kit"))


def test_every_module_of_the_kit_works_without_the_rest(python: Path, tmp_path: Path) -> None:
    """Installed from its wheel alone, with its own few dependencies, nothing of it asks for more."""
    done = subprocess.run([python, "-c", IMPORT_ALL], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(python.parents[1]) in done.stdout


def test_the_kit_is_the_folder_of_schemas(python: Path) -> None:
    """Every file of it, byte for byte, and nothing else of Muniment: there is no second home for the code."""
    (wheel,) = (python.parents[2] / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}
    kept = {".py", ".json", ".avsc", ".typed"}
    there = {
        f"muniment/{path.relative_to(ROOT).as_posix()}": path.read_bytes()
        for path in (ROOT / "schemas").rglob("*")
        if path.suffix in kept and "__pycache__" not in path.parts and path.name not in LEFT_OUT
    } | {"muniment/schemas/py.typed": (ROOT / "schemas" / "py.typed").read_bytes()}
    assert inside.keys() == there.keys()
    assert inside == there
