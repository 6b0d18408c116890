"""Moments on a slider."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.audit.windows import STEPS, WINDOWS, placed

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


@given(st.sampled_from(sorted(WINDOWS)), st.integers(0, STEPS))
def test_a_place_leads_back_to_itself(window, step):
    """The moment of a place is at that place again, to the second."""
    place = placed(None, window, NOW)
    there = type(place)(window, NOW, step)
    assert there.since <= there.at + timedelta(seconds=1)
    assert abs(placed(there.at, window, NOW).step - step) <= 1


@given(st.sampled_from(sorted(WINDOWS)), st.datetimes(timezones=st.just(UTC)))
def test_every_moment_has_a_place(window, at):
    """One before the window is at its beginning, one after it at its end."""
    place = placed(at, window, NOW)
    assert 0 <= place.step <= STEPS
    assert (place.step == 0) == (at <= NOW - WINDOWS[window] + WINDOWS[window] / STEPS / 2)


def test_no_moment_is_now():
    """The slider begins at its end."""
    assert placed(None, "day", NOW).at == NOW
