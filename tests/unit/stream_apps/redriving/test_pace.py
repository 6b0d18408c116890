"""How many letters may go out."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.redriving.pace import BURST_S, Pace


@given(
    st.floats(0.01, 1000),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100)), max_size=60),
)
def test_never_more_than_the_rate(rate: float, turns: list[tuple[float, int]]) -> None:
    """Over any stretch of turns: what the rate gives for that time, and no more than what may be saved up besides."""
    pace, now, gone = Pace(rate, 0.0), 0.0, []
    for pause, most in turns:
        now += pause
        count = pace.take(now, most)
        assert 0 <= count <= most
        gone.append((now, count))
    saved = 1.0 + rate * BURST_S
    for first in range(len(gone)):
        for last in range(first, len(gone)):
            total = sum(count for _, count in gone[first : last + 1])
            assert total <= saved + (gone[last][0] - gone[first][0]) * rate + 1e-6


@given(st.floats(0.01, 1000))
def test_the_first_goes_at_once_and_the_rest_in_time(rate: float) -> None:
    """A clock that looks often enough sees what the rate promises, to one letter."""
    pace = Pace(rate, 0.0)
    assert pace.take(0.0, 1) == 1
    step = min(0.1, 1 / rate)
    turns = int(20 / rate / step)
    total = sum(pace.take((turn + 1) * step, 1000) for turn in range(turns))
    assert abs(total - turns * step * rate) <= 1.01


def test_a_clock_that_stands_gives_nothing() -> None:
    """Asking more often makes nothing faster, and a clock that jumps back takes nothing away."""
    pace = Pace(5.0, 10.0)
    assert [pace.take(10.0, 10) for _ in range(3)] == [1, 0, 0]
    assert pace.take(9.0, 10) == 0
    assert pace.take(9.25, 10) == 1
