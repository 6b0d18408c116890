"""Shares of a replay, pure."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying.share import Share

ENDS = st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 11)), st.integers(0, 99), min_size=1)


@given(ends=ENDS, count=st.integers(1, 5))
def test_a_split_gives_every_partition_to_one_and_all_of_a_number_to_the_same(
    ends: dict[tuple[str, int], int], count: int
) -> None:
    """Records of one document lie in the same number of all topics: whoever has one of them has them all."""
    whole = Share(projection("documents", 8), ProjectionsConfig("", ""), "s", ends, frozenset(), 10)
    parts = whole.split(count)
    assert sorted(p for part in parts for p in part.ends.items()) == sorted(ends.items())
    numbers = [{number for _, number in part.ends} for part in parts]
    assert sum(map(len, numbers)) == len(set.union(*numbers))
    assert 1 <= len(parts) <= count
    assert all(part.numbers[topic] >= {number} for part in parts for topic, number in part.ends)
