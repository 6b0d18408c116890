"""Parts of the log that a replay may be asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.replaying.bounds import in_order

times = st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))
offsets = st.integers(0, 10**12)


@given(times, st.timedeltas(timedelta(0), timedelta(days=999)))
def test_between_a_time_and_an_earlier_one_lies_nothing(first, later):
    """Between one and itself, neither; the zone in which it is written is nothing to it."""
    begin, end = first.isoformat(), (first + later).isoformat().replace("+00:00", "Z")
    assert in_order(begin, end) == bool(later)
    assert in_order(end, begin) is False


@given(offsets, offsets)
def test_between_a_place_and_one_before_it_lies_nothing(first, last):
    """Of one partition; of two nobody can say."""
    assert in_order(f"muniment.documents:3:{first}", f"muniment.documents:3:{last}") == (first < last)
    assert in_order(f"muniment.documents:3:{first}", f"muniment.documents:4:{last}")


@pytest.mark.parametrize("bounds", [("", ""), ("2030-01-01T00:00:00Z", ""), ("", "muniment.documents:3:0")])
def test_one_bound_alone_is_in_order(bounds):
    """Whatever it is, and so are a time and a place."""
    assert in_order(*bounds)
    assert in_order("2030-01-01T00:00:00Z", "muniment.documents:3:0")
