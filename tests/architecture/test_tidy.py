"""Style as a test: sizes, docstrings, nothing left to do. A longer one goes on the written list, with its reason."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.infra.catalogue.syntax import tree_of

ROOT = Path(__file__).parents[2]
FOLDERS = ("producers", "stream_apps", "projections", "schemas", "api", "infra")
FILE_LINES = 300
FUNCTION_LINES = 60

LONGER: dict[str, str] = {
    "schemas/proofs/verifier/verify.py": "it goes into bundles as one file, and has to be read as one",
    "api/answers.py": "the shapes of all answers, one small class each, which the OpenAPI page shows together",
}
"""File, or `file:function`, and why it is longer than the rest."""


def sources() -> list[Path]:
    """Every Python file of ours, tests aside."""
    return sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """The path below the root."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a file, under its own name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name_of(path)}:{node.name}", node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def test_files_are_short() -> None:
    """About a hundred lines is usual; three hundred is the alarm."""
    long = {name_of(p): n for p in sources() if (n := len(p.read_text("utf-8").splitlines())) > FILE_LINES}
    assert {n: size for n, size in long.items() if n not in LONGER} == {}


def test_functions_are_short() -> None:
    """What does not fit a screen does two things."""
    long = {n: size for p in sources() for n, node in functions(p) if (size := body_lines(node)) > FUNCTION_LINES}
    assert {n: size for n, size in long.items() if n not in LONGER} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_modules_and_public_functions_say_what_they_are(folder: str) -> None:
    """Each has a docstring."""
    missing = []
    for path in (p for p in sources() if name_of(p).startswith(f"{folder}/")):
        tree = tree_of(path)
        if not ast.get_docstring(tree):
            missing.append(name_of(path))
        missing += [
            f"{name_of(path)}:{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert missing == []


def test_every_test_says_what_is_true() -> None:
    """A test has a sentence; when it fails, the sentence is what is no longer true."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    missing = [
        name
        for path in found
        for name, node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert missing == []


def test_nothing_is_left_to_do() -> None:
    """Unfinished work is an issue, not a comment."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [name_of(p) for p in sources() if any(f"# {w}" in p.read_text("utf-8") for w in words)]
    assert found == []


def test_no_words_that_say_nothing() -> None:
    """A file is named by its noun or verb."""
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "service"}
    assert [name_of(p) for p in sources() if p.stem in vague] == []


def tracked() -> list[Path]:
    """The files that git tracks; skips outside a checkout."""
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_of_this_machine_is_tracked() -> None:
    """No folder of whoever wrote it, and no address of a mirror that only they can reach."""
    own = ("/ro" + "ot/", "/wo" + "rk/", "/home" + "/", "index-url" + " http", "index-url" + "=http")
    found = []
    for path in tracked():
        if path.suffix in {".bin", ".onnx", ".png"}:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{name_of(path)}: {mark}" for mark in own if mark in text]
    assert found == []


def test_no_big_file_is_tracked() -> None:
    """Data are made by set-up or by the test that needs them."""
    # The document of all topics grows by some kilobytes with every event; it is made from them and compared in a test.
    found = {name_of(p): p.stat().st_size for p in tracked() if p.stat().st_size > 500_000}
    assert found.keys() <= {"docs/asyncapi.json"}, found
    assert sum(found.values()) < 1_000_000
