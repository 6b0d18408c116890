"""`muniment.` is the repository root: four ways in which that can go wrong, each guarded.

That it works where it is installed: `tests/integration/packaging`.
"""

import pkgutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("producers", "stream_apps", "projections", "schemas", "api", "infra")
DATA = (".sql", ".avsc", ".json", ".xml", ".conf", ".bin", ".typed")


def packages_on_disk() -> list[str]:
    """Every package as pyproject has to list it."""
    return sorted(
        "muniment." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    )


def to_paste() -> str:
    """The list for `[tool.setuptools]` in pyproject.toml: `python tests/architecture/test_packaging.py` prints it."""
    return "packages = [\n" + "".join(f'    "{name}",\n' for name in packages_on_disk()) + "]\n"


def pyproject() -> dict[str, object]:
    """The `[tool.setuptools]` table."""
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    return table


def test_every_package_is_listed() -> None:
    """An unlisted one works in the checkout and is missing from the wheel."""
    assert pyproject()["packages"] == packages_on_disk(), f"paste this into pyproject.toml:\n{to_paste()}"


def test_every_folder_with_code_is_a_package() -> None:
    """A folder without `__init__.py` would be found by nobody."""
    bare = {
        p.parent.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for p in (ROOT / folder).rglob("*.py")
        if not (p.parent / "__init__.py").exists()
    }
    assert bare == set()


def test_no_folder_is_imported_under_its_bare_name() -> None:
    """`schemas` and `muniment.schemas` would be two modules, with two registries and two sets of metrics."""
    code = (
        "import sys, muniment.infra.bootstrap, muniment.infra.cli.main, muniment.schemas.catalogue\n"
        f"print([n for n in {FOLDERS!r} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_nothing_imports_a_folder_by_its_bare_name() -> None:
    """Neither in the code nor in a test."""
    starts = tuple(f"{word} {folder}" for word in ("import", "from") for folder in FOLDERS)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in (*FOLDERS, "tests")
        for path in (ROOT / folder).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if any(line.strip().startswith((f"{s} ", f"{s}.")) or line.strip() == s for s in starts)
    ]
    assert found == []


def test_nobody_relies_on_discovery_at_the_root() -> None:
    """`pkgutil` finds nothing at the root of an editable installation, and something inside a folder."""
    import muniment.stream_apps

    assert "chunking" in {m.name for m in pkgutil.iter_modules(muniment.stream_apps.__path__)}
    code = "autodiscover=" + "True"
    assert [p for f in FOLDERS for p in (ROOT / f).rglob("*.py") if code in p.read_text("utf-8")] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    # Not above: this file is also run by itself, where tests find nothing that they share.
    from support.wheel import build

    return build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    """What is in the folders is in the wheel under `muniment/`, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {n for n in archive.namelist() if ".dist-info/" not in n}
    there = {
        f"muniment/{p.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix in {".py", *DATA} and "__pycache__" not in p.parts
    }
    outside_packages = {
        n for n in there if not (ROOT / n.removeprefix("muniment/")).parent.joinpath("__init__.py").exists()
    }
    data = {n for n in outside_packages if "/schemas/" in n}
    assert there - outside_packages - inside == set()
    assert data - inside == set(), "schema files are read at run time: they have to be in the wheel"
    assert {n for n in inside if not n.startswith("muniment/")} == set()
    pages = {
        f"muniment/{p.relative_to(ROOT).as_posix()}"
        for folder in ("static", "templates")
        for p in (ROOT / "api" / "console" / folder).rglob("*")
        if p.is_file()
    }
    assert pages - inside == set(), "what the console shows has to be in the wheel"


if __name__ == "__main__":
    sys.stdout.write(to_paste())
