"""What differs between two texts."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.scripts.differing import CONTEXT, Hunk, hunks, lines_of, unified, words_of
from muniment.api.scripts.matching import opcodes

texts = st.lists(
    st.sampled_from(["a\n", "b\n", "\n", "the leave\n", "the long leave\n", "휴가는 25일\n", "end"]), max_size=30
).map("".join)


def applied(old: str, found: list[Hunk]) -> str:
    """The old text with the hunks applied: what they call the same has to be what stands there."""
    lines, out, at = lines_of(old), list[str](), 0
    for hunk in found:
        start = hunk.old_start - bool(hunk.old_lines)
        out += lines[at:start]
        assert [p.text for p in hunk.lines if p.op != "added"] == lines[start : start + hunk.old_lines]
        out += [p.text for p in hunk.lines if p.op != "removed"]
        at = start + hunk.old_lines
    return "".join([*out, *lines[at:]])


@given(texts, texts)
def test_hunks_lead_from_the_old_text_to_the_new_one(old: str, new: str) -> None:
    """Whatever the two are, applying them to the first gives the second; there are none exactly when they are equal."""
    found = hunks(old, new)
    assert applied(old, found) == new
    assert (not found) == (old == new)


@given(texts, texts)
def test_words_say_the_same_as_lines(old: str, new: str) -> None:
    """In every hunk, what by words is not added is the old text, and what is not removed the new one."""
    for hunk in hunks(old, new):
        for gone in ("added", "removed"):
            by_lines = "".join(p.text for p in hunk.lines if p.op != gone)
            assert "".join(p.text for p in hunk.words if p.op != gone) == by_lines


@given(st.text(max_size=60))
def test_a_text_is_its_lines_and_its_words(text: str) -> None:
    """Cut either way and joined again it is the same."""
    assert "".join(lines_of(text)) == text
    assert "".join(words_of(text)) == text


def test_a_change_of_one_word_is_shown_as_that_word() -> None:
    """Not as two different paragraphs."""
    (hunk,) = hunks("Everyone has 25 days of leave.\n", "Everyone has 30 days of leave.\n")
    assert [(p.op, p.text) for p in hunk.words if p.op != "same"] == [("removed", "25"), ("added", "30")]


def test_changes_that_are_far_apart_stand_in_hunks_of_their_own() -> None:
    """Each with so many lines around it as context."""
    old = [f"line {n}\n" for n in range(30)]
    new = ["first\n", *old[1:29], "last\n"]
    first, last = hunks("".join(old), "".join(new))
    assert [(first.old_start, first.old_lines), (last.old_start, last.old_lines)] == [
        (1, 1 + CONTEXT),
        (27, 1 + CONTEXT),
    ]


def test_a_long_text_of_equal_lines_is_compared_at_once() -> None:
    """What would take minutes if every line were held against every other: 100,000 blank ones, and one word each."""
    old, new = "\n" * 50_000 + "a\n" + "\n" * 50_000, "\n" * 40_000 + "b\n" + "\n" * 60_000
    assert applied(old, hunks(old, new)) == new
    assert opcodes(["x"] * 9, ["x"] * 9) == [("equal", 0, 9, 0, 9)]


@pytest.mark.skipif(shutil.which("patch") is None, reason="this machine has no `patch`")
@pytest.mark.parametrize(
    ("old", "new"), [("a\nb\nc\n", "a\nc\nd\n"), ("a\nb", "a\nb\n"), ("", "a\nb"), ("a\n", ""), ("x", "y")]
)
def test_patch_applies_the_unified_diff(tmp_path: Path, old: str, new: str) -> None:
    """The program that everybody has turns the old text into the new one, with and without a last line break."""
    (tmp_path / "text").write_text(old)
    diff = unified(old, new, "a/text", "b/text")
    command = ["patch", "-p1", "--no-backup-if-mismatch", "--force"]
    subprocess.run(command, cwd=tmp_path, input=diff.encode(), check=True, capture_output=True)
    there = tmp_path / "text"
    assert (there.read_text() if there.exists() else "") == new
