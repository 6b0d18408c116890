"""Files of code are read whatever else the process has to clean up."""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muniment.infra.catalogue.syntax import tree_of


@contextmanager
def parsing_in_between() -> Iterator[list[str]]:
    """Garbage is collected all the time, and something is parsed each time, as by a traceback that is written."""
    seen: list[str] = []

    def parse(phase: str, info: dict[str, int]) -> None:
        del info
        seen.append(phase)
        ast.parse("a + b")

    before = gc.get_threshold()
    gc.callbacks.append(parse)
    gc.set_threshold(1)
    try:
        yield seen
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(parse)


def test_what_is_collected_in_between_does_not_matter() -> None:
    """Python 3.11.7 fails such a file otherwise, with an error that has nothing to do with it."""
    with parsing_in_between() as seen:
        tree = tree_of(Path(__file__))
    assert isinstance(tree.body[0], ast.Expr)
    assert seen, "nothing was collected"


def test_collecting_goes_on_as_it_was() -> None:
    """Also after a file that is no Python, and not where it was off before."""
    broken = Path(__file__).with_name("broken.txt")
    assert gc.isenabled()
    with pytest.raises(FileNotFoundError):
        tree_of(broken)
    assert gc.isenabled()
    gc.disable()
    try:
        tree_of(Path(__file__))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    """With its place, so that whoever reads the error finds it."""
    path = tmp_path / "broken.py"
    path.write_text("def :\n", "utf-8")
    with pytest.raises(SyntaxError) as caught:
        tree_of(path)
    assert caught.value.filename == str(path)
    assert gc.isenabled()
