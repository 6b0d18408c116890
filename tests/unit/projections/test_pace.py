"""A quiet log is folded at once; a busy one in handfuls."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.pace import Pace


def waits(fold_s: float, every_s: float, count: int) -> list[float]:
    pace = Pace(busy_share=0.4, within_s=1.0, gather_s=0.05)
    return [pace.folded(n * every_s, n * every_s + fold_s) for n in range(count)]


def test_the_records_of_one_document_are_never_held_up() -> None:
    """A burst of a few short folds after a pause is no busy log."""
    assert waits(fold_s=0.02, every_s=0.02, count=10) == [0.0] * 10


def test_short_folds_one_after_the_other_let_records_gather() -> None:
    """Who has spent more than the share of the last second on short folds waits."""
    assert waits(fold_s=0.02, every_s=0.02, count=50)[25:] == [0.05] * 25


def test_long_folds_are_never_followed_by_a_pause() -> None:
    """A fold as long as the pause has let records gather already, however busy the log is."""
    assert waits(fold_s=0.06, every_s=0.06, count=50) == [0.0] * 50


@given(st.lists(st.tuples(st.floats(0, 0.01), st.floats(0.03, 10.0)), max_size=60))
def test_a_slow_succession_is_never_held_up(folds: list[tuple[float, float]]) -> None:
    """While at most a quarter of the time goes into folds, each record is folded when it comes."""
    pace, now = Pace(busy_share=0.4, within_s=1.0, gather_s=0.05), 0.0
    for fold_s, idle_s in folds:
        assert pace.folded(now, now + fold_s) == 0.0
        now += fold_s + idle_s
