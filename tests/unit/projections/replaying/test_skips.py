"""What is skipped, or skipped no more, behind a rebuild and before it."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.batch import Place
from muniment.projections.replaying.skips import overtaken

_PLACES = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 1), st.integers(0, 6))
_SKIPS = st.frozensets(_PLACES, max_size=8)
_EVERY = [(topic, number, offset) for topic in "ab" for number in (0, 1) for offset in range(7)]


@given(_SKIPS, _SKIPS, st.dictionaries(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 1)), st.integers(0, 7)))
def test_a_rebuild_goes_on_only_where_a_rebuild_from_zero_would_have_folded_the_same(
    before: frozenset[Place], now: frozenset[Place], reached: dict[tuple[str, int], int]
) -> None:
    """Nothing is overtaken exactly when what lies behind was folded as it would be folded today."""
    behind = [place for place in _EVERY if place[2] < reached.get(place[:2], 0)]
    folded = [place for place in behind if place not in before]
    from_zero = [place for place in behind if place not in now]
    assert (not overtaken(before, now, reached)) is (folded == from_zero)


def test_the_next_record_can_still_be_passed_by() -> None:
    """The place at which a rebuild stopped is before it, the one before that is not."""
    assert overtaken((), [("t", 0, 5)], {("t", 0): 5}) == frozenset()
    assert overtaken((), [("t", 0, 4)], {("t", 0): 5}) == {("t", 0, 4)}
    assert overtaken([("t", 0, 4)], (), {("t", 0): 5}) == {("t", 0, 4)}
