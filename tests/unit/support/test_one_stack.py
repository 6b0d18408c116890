"""Which process of a run is given which file."""

from support.one_stack import turn

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
