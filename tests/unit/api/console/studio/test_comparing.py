"""Two texts beside each other, and three put together."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.studio.comparing import chosen, compared
from muniment.api.script_reads.answers import Region
from muniment.api.scripts.merging import merge

TEXTS = st.lists(st.sampled_from(["one\n", "two\n", "three four five\n", "three four six\n", "\n"]), max_size=12).map(
    "".join
)


def said(pieces):
    """The words of one side of a row."""
    return "".join(piece.text for piece in pieces)


def regions(base, theirs, yours):
    """As the route gives them."""
    return [Region(kind=r.kind, base=r.base, theirs=r.theirs, yours=r.yours) for r in merge(base, theirs, yours)]


def test_a_changed_line_stands_beside_what_it_was():
    """With the words that went on the left, those that came on the right, and the number of the line on each side."""
    ((_, row, *_),) = compared("a\nthe cat sat there\nb\n", "a\nthe dog sat there\nb\n").groups
    assert (row.kind, row.old_number, row.new_number) == ("changed", 2, 2)
    assert [(p.op, p.text) for p in row.old] == [("same", "the "), ("removed", "cat"), ("same", " sat there")]
    assert [(p.op, p.text) for p in row.new] == [("same", "the "), ("added", "dog"), ("same", " sat there")]


def test_lines_that_have_nothing_in_common_are_not_mixed():
    """Word by word they would be unreadable."""
    ((row,),) = compared("entirely this", "something else altogether").groups
    assert [(p.op, p.text) for p in (*row.old, *row.new)] == [
        ("removed", "entirely this"),
        ("added", "something else altogether"),
    ]


def test_what_only_one_side_has_leaves_the_other_empty():
    """And the numbers of the lines go on on each side by themselves."""
    found = compared("a\nb\n", "a\nx\ny\nb\n")
    (rows,) = found.groups
    assert [(r.kind, r.old_number, r.new_number) for r in rows] == [
        ("same", 1, 1),
        ("added", None, 2),
        ("added", None, 3),
        ("same", 2, 4),
    ]
    assert (found.removed, found.added) == (0, 2)


def test_equal_texts_have_no_difference():
    """Nothing is shown for them."""
    assert compared("a\nb", "a\nb").groups == ()


@given(TEXTS, TEXTS)
def test_each_side_of_the_rows_is_that_sides_text(old, new):
    """Each row's lines are those of the texts, under their numbers."""
    before, after = old.split("\n"), new.split("\n")
    for group in compared(old, new).groups:
        for row in group:
            if row.old_number:
                assert said(row.old) == before[row.old_number - 1]
            if row.new_number:
                assert said(row.new) == after[row.new_number - 1]


def test_a_conflict_is_decided_by_a_choice():
    """Either reading, or both; without a choice there is no text."""
    found = regions("x\n", "their words\n", "my text\n")
    (at,) = [index for index, one in enumerate(found) if one.kind == "conflict"]
    assert chosen(found, {}) is None
    assert chosen(found, {at: "nonsense"}) is None
    assert chosen(found, {at: "theirs"}) == "their words\n"
    assert chosen(found, {at: "yours"}) == "my text\n"
    assert chosen(found, {at: "both"}) == "their words my text\n"


@given(TEXTS, TEXTS)
def test_what_only_one_side_changed_is_taken_over(base, changed):
    """Whichever side it was, and without any choice."""
    assert chosen(regions(base, changed, base), {}) == changed
    assert chosen(regions(base, base, changed), {}) == changed
    assert chosen(regions(base, changed, changed), {}) == changed
