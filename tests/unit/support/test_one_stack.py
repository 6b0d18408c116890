"""Which process of a run is given which file."""

from pathlib import Path

import pytest
from support.one_stack import LONG, turn

SHARING = ["tests/end_to_end/test_a.py", "tests/end_to_end/console/test_b.py"]
OTHERS = ["tests/crash/test_c.py", "tests/unit/test_d.py"]


def test_the_first_process_takes_what_shares_the_stack_and_then_its_part_of_the_rest() -> None:
    """In the order of the run, whatever came before it there."""
    assert turn([*OTHERS, *SHARING], first=True) == SHARING[0]
    assert turn(OTHERS, first=True) == OTHERS[0]


def test_no_other_process_ever_starts_a_stack_of_its_own() -> None:
    """It takes the rest, in order, and ends when nothing but files that share the stack is left."""
    assert turn([*SHARING, *OTHERS], first=False) == OTHERS[0]
    assert turn(SHARING, first=False) is None


def test_what_takes_long_is_begun_before_all_else() -> None:
    """By the list, and not where it stands among the others; a process with a stack takes it after what shares that."""
    files = [*OTHERS, *SHARING, LONG[1], LONG[0]]
    assert turn(files, first=False) == LONG[0]
    assert turn([*OTHERS, LONG[1]], first=True) == LONG[1]
    assert turn(files, first=True) == SHARING[0]


@pytest.mark.parametrize("file", LONG)
def test_what_takes_long_is_there(file: str) -> None:
    """A file that was renamed would lose its turn without a word."""
    assert (Path(__file__).parents[3] / file).is_file()
