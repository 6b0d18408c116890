"""What two sequences have in common, and how much work it is to find that."""

import random
import sys
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.scripts.differing import hunks, lines_of
from muniment.api.scripts.matching import EQUAL, STEPS_MOST, UNMATCHED, Code, Steps, opcodes
from muniment.api.scripts.merging import merge

sequences = st.lists(st.sampled_from("abcdefgh"), max_size=40)


def short_lines(count: int, different: int, seed: int) -> list[str]:
    """Lines of which so many are different, in any order."""
    dice = random.Random(seed)
    return [f"{dice.randrange(different)}\n" for _ in range(count)]


def applied(old: Sequence[str], new: Sequence[str], codes: Sequence[Code]) -> list[str]:
    """The new sequence by the codes, which have to cover both without a gap."""
    out, at_old, at_new = list[str](), 0, 0
    for op, i1, i2, j1, j2 in codes:
        assert (i1, j1) == (at_old, at_new)
        out += old[i1:i2] if op == EQUAL else new[j1:j2]
        at_old, at_new = i2, j2
    assert (at_old, at_new) == (len(old), len(new))
    return out


def lines_run(work: Callable[[], Any], file: str) -> int:
    """How many lines of a file are run: the work as Python counts it."""
    count = 0

    def within(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return within

    def trace(frame: FrameType, _: str, __: Any) -> Any:
        return within if frame.f_code.co_filename.endswith(file) else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@given(sequences, sequences, st.sampled_from([0, 1, 20, 60, 200, 10_000]))
def test_codes_lead_from_one_to_the_other_however_few_steps_there_are(
    old: list[str], new: list[str], most: int
) -> None:
    """With no step, few or enough: they cover both, neighbours are of different kinds, and what is equal is so."""
    codes = opcodes(old, new, Steps(most))
    assert applied(old, new, codes) == new
    assert all(one[0] != other[0] for one, other in pairwise(codes))
    assert all(op != UNMATCHED or (i2 > i1 and j2 > j1) for op, i1, i2, j1, j2 in codes)


@given(sequences, sequences)
def test_with_enough_steps_as_much_is_the_same_as_difflib_finds(old: list[str], new: list[str]) -> None:
    """Between what is equal at both ends; and nothing is left unmatched."""
    codes = opcodes(old, new)
    assert all(op != UNMATCHED for op, *_ in codes)
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = old[head:], new[head:]
    both = zip(reversed(rest[0]), reversed(rest[1]), strict=False)
    tail = next((n for n, (a, b) in enumerate(both) if a != b), min(map(len, rest)))
    inner = SequenceMatcher(None, *(side[: len(side) - tail] for side in rest))
    between = sum(match.size for match in inner.get_matching_blocks())
    assert sum(i2 - i1 for op, i1, i2, _, _ in codes if op == EQUAL) == head + between + tail


@pytest.mark.parametrize("different", [3, 150, 2000])
def test_the_work_is_bounded(different: int) -> None:
    """However long the texts are, and whatever stands in them: no more lines of code are run than steps allow."""
    old, new = short_lines(20_000, different, 1), short_lines(20_000, different, 2)
    most = 100_000
    ran = lines_run(lambda: opcodes(old, new, Steps(most)), "difflib.py")
    # Some lines a step, and some for each line of the texts, to sort them once.
    assert ran < 8 * most + 20 * (len(old) + len(new))


def test_a_hundred_thousand_short_lines_are_compared_or_said_not_to_be() -> None:
    """Within the steps of a request; the difference is whole all the same, and says where it did not look."""
    old, new = short_lines(100_000, 150, 1), short_lines(100_000, 150, 2)
    steps = Steps()
    codes = opcodes(old, new, steps)
    assert 0 <= steps.left <= STEPS_MOST
    assert applied(old, new, codes) == new
    assert UNMATCHED in {op for op, *_ in codes}
    found = hunks("".join(old), "".join(new))
    assert any(hunk.unmatched for hunk in found)
    assert lines_of("".join(p.text for hunk in found for p in hunk.lines if p.op != "removed"))[-3:] == new[-3:]


def test_lines_that_stand_once_hold_a_long_text_together() -> None:
    """An edit of a long text full of equal lines is still shown as that edit, and nothing else."""
    old = [line for n in range(2000) for line in (f"{n}\n", *short_lines(40, 150, n))]
    new = [*old[:41_000], "a new line\n", *old[41_000:60_000], *old[60_001:]]
    new[10] = "another\n"
    changes = [code for code in opcodes(old, new) if code[0] != EQUAL]
    assert [(op, i2 - i1, j2 - j1) for op, i1, i2, j1, j2 in changes] == [
        ("replace", 1, 1),
        ("insert", 0, 1),
        ("delete", 1, 0),
    ]


def test_what_is_too_much_to_be_merged_is_a_conflict_with_every_reading() -> None:
    """Nobody's words are dropped."""
    base, theirs, yours = ("".join(short_lines(30_000, 150, seed)) for seed in (1, 2, 3))
    regions = merge(base, theirs, yours)
    assert "conflict" in {region.kind for region in regions}
    assert "".join(region.theirs for region in regions) == theirs
    assert "".join(region.yours for region in regions) == yours
