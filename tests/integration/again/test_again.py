"""What becomes of a run in which a test failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.again import MOST, TIMES, final

SUPPORT = Path(__file__).parents[2] / "support" / "again.py"
FAILS_AT = """
from pathlib import Path

def test_it():
    tries = Path(__file__).with_suffix(".tries")
    tries.write_text(tries.read_text() + "." if tries.exists() else ".")
    assert len(tries.read_text()) not in {turns}
"""


def run(folder: Path, turns: set[int]) -> "subprocess.CompletedProcess[str]":
    """A run of one test that fails at these turns, and the second look at it."""
    place = folder / "tests" / "integration"
    place.mkdir(parents=True)
    (place / "test_it.py").write_text(FAILS_AT.format(turns=turns))
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    first = call("-m", "pytest", "tests")
    return call(str(SUPPORT), str(first.returncode))


def tries(folder: Path) -> int:
    """How often the test ran."""
    return sum(len(path.read_text()) for path in folder.rglob("*.tries"))


def test_a_test_that_fails_once_is_named_and_has_to_pass_twice_alone(tmp_path: Path) -> None:
    """The run passes; nobody can overlook what happened."""
    done = run(tmp_path, {1})
    assert done.returncode == 0, done.stdout
    assert "FLAKY" in done.stdout
    assert "tests/integration/test_it.py::test_it" in done.stdout
    assert tries(tmp_path) == 1 + TIMES


@pytest.mark.parametrize(("turns", "ran"), [({1, 2}, 2), ({1, 3}, 3)])
def test_a_test_that_fails_again_fails_the_run(tmp_path: Path, turns: set[int], ran: int) -> None:
    """At once, or the second time."""
    done = run(tmp_path, turns)
    assert done.returncode == 1
    assert "failed again" in done.stdout
    assert tries(tmp_path) == ran


@pytest.mark.parametrize(
    ("code", "failed", "why"),
    [
        (1, [f"tests/crash/test_a.py::test_{number}" for number in range(MOST + 1)], "too many"),
        (1, [], "no test failed"),
        (2, ["tests/crash/test_a.py::test_a"], "did not come to its end"),
        (1, ["tests/crash/test_a.py"], "cannot be loaded"),
    ],
)
def test_what_is_no_chance_stays_failed(code: int, failed: list[str], why: str) -> None:
    """Many at once, a run that broke off, a file that could not be read."""
    assert why in final(code, failed)
