"""What two people made of one text, put together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.scripts.merging import Granularity, merge, merged

texts = st.lists(st.sampled_from(["a\n", "b\n", "c d\n", "c e\n", "\n", "끝"]), max_size=12).map("".join)
ways = st.sampled_from(["line", "word"])


@given(texts, texts, texts, ways)
def test_the_readings_of_each_side_are_its_text(base: str, theirs: str, yours: str, way: Granularity) -> None:
    """Nothing of any of the three is lost, whatever becomes of it, and no region is empty or said in two."""
    regions = merge(base, theirs, yours, way)
    for side, text in (("base", base), ("theirs", theirs), ("yours", yours)):
        assert "".join(getattr(region, side) for region in regions) == text
    kinds = [region.kind for region in regions]
    assert all(one != other for one, other in pairwise(kinds))


@given(texts, texts, ways)
def test_what_only_one_side_changed_is_taken_over(base: str, side: str, way: Granularity) -> None:
    """Against an unchanged text a merge is the changed one; two equal changes are one."""
    assert merged(merge(base, side, base, way)) == side
    assert merged(merge(base, base, side, way)) == side
    assert merged(merge(base, side, side, way)) == side


@given(texts, texts, texts, ways)
def test_who_is_who_makes_no_difference(base: str, theirs: str, yours: str, way: Granularity) -> None:
    """With the sides exchanged the outcome is the same, and so are the conflicts."""
    one, other = merge(base, theirs, yours, way), merge(base, yours, theirs, way)
    assert merged(one) == merged(other)
    assert [r.kind == "conflict" for r in one] == [r.kind == "conflict" for r in other]


@given(texts, texts, texts)
def test_a_conflict_is_a_change_of_both_sides(base: str, theirs: str, yours: str) -> None:
    """Its three readings are three different ones."""
    for region in merge(base, theirs, yours):
        if region.kind == "conflict":
            assert len({region.base, region.theirs, region.yours}) == 3


@pytest.mark.parametrize(("way", "conflicts"), [("word", 0), ("line", 1)])
def test_different_words_of_one_paragraph_do_not_contradict_each_other(way: Granularity, conflicts: int) -> None:
    """By lines it is a conflict, by words both changes are taken."""
    base = "Everyone has 25 days of leave a year.\n"
    theirs, yours = base.replace("25", "30"), base.replace("a year", "every year")
    regions = merge(base, theirs, yours, way)
    assert sum(region.kind == "conflict" for region in regions) == conflicts
    if not conflicts:
        assert merged(regions) == "Everyone has 30 days of leave every year.\n"


def test_a_conflict_keeps_what_stands_around_it() -> None:
    """Only the word that both changed is in doubt, with all three readings of it."""
    regions = merge("It takes 25 days.\nEnd.\n", "It takes 30 days.\nEnd.\n", "It takes 20 days.\nThe end.\n")
    (conflict,) = [region for region in regions if region.kind == "conflict"]
    assert (conflict.base, conflict.theirs, conflict.yours) == ("25", "30", "20")
    assert merged(regions) is None
