"""`muniment.` is the repository root: four ways in which that can go wrong, each guarded."""

import os
import pkgutil
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("producers", "stream_apps", "projections", "schemas", "api", "infra")
DATA = (".sql", ".avsc", ".json", ".xml", ".conf", ".bin", ".typed")
IGNORE = shutil.ignore_patterns("__pycache__", "*.pyc")


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
    """The wheel, built offline from a copy of what is there."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=IGNORE)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("muniment-*.whl")
    return built


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


def test_the_wheel_works_where_the_checkout_is_not(wheel: Path, tmp_path: Path) -> None:
    """Unpacked alone, beside the installed dependencies, it imports, finds its files, and starts its command line."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    # The dependencies without our editable installation, whose import hook would answer for the wheel.
    site = Path(distribution("pytest").locate_file("")).resolve()  # type: ignore[arg-type]
    for entry in site.iterdir():
        if "muniment" not in entry.name and not entry.name.endswith(".pth"):
            (libraries / entry.name).symlink_to(entry)
    code = (
        "import muniment.schemas.export as e, muniment.infra.migrations.apply as m, muniment.infra.cli.main as c\n"
        "from muniment.schemas.schema_ids import ids\n"
        "import pkgutil, muniment.projections.registry\n"
        "print(e.__file__, len(ids()), len(m.migrations()))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {[str(tmp_path / 'site'), str(libraries)]}\n{code}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    assert done.returncode == 0, done.stderr
    where, ids, migrations = done.stdout.split()
    assert Path(where).is_relative_to(tmp_path)
    assert int(ids) > 0 < int(migrations)


if __name__ == "__main__":
    sys.stdout.write(to_paste())
