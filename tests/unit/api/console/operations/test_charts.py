"""What ended over time, as charts and tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.operations.charts import RANGES, charts
from muniment.projections.jobs.figures import Ended

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


def ended(at: datetime, **how: float) -> Ended:
    return Ended(**{
        "at": at, "succeeded": 2, "failed": 1, "others": 0, "chunks": 30, "tokens": 900, "cost_micros": 2_500_000,
        "median_s": 1.5, "slow_s": 9.25, **how,
    })  # fmt: skip


@given(st.integers(0, 2**32), st.sampled_from(sorted(RANGES)))
def test_a_range_is_whole_spans_and_holds_now(moment, name):
    """The last span is the one that is under way, and the spans stay where they are while time goes on."""
    now, over = datetime.fromtimestamp(moment, UTC), RANGES[name]
    since, until = over.bounds(now)
    assert until - since == over.back
    assert until - over.span <= now < until
    assert (since - datetime(1970, 1, 1, tzinfo=UTC)) % over.span == timedelta(0)


def test_every_span_has_its_value():
    """One in which nothing ended is zero; how long things took then is unknown, and not zero."""
    over = RANGES["hour"]
    since, until = over.bounds(NOW)
    found = charts([ended(since + 3 * over.span)], over, NOW)
    by_name = {chart.name: chart for chart in found}
    assert [series.total for series in by_name["ended"].series] == [2, 1, 0]
    assert by_name["cost"].rows[2:5] == [
        (since + 2 * over.span, 0),
        (since + 3 * over.span, 2.5),
        (since + 4 * over.span, 0),
    ]
    assert by_name["took"].rows[2:5] == [
        (since + 2 * over.span, None, None),
        (since + 3 * over.span, 1.5, 9.25),
        (since + 4 * over.span, None, None),
    ]
    for chart in found:
        assert (len(chart.rows), chart.rows[-1][0], chart.empty) == (60, until - over.span, False)


@pytest.mark.parametrize("name", RANGES)
def test_nothing_is_told_as_nothing(name):
    """Without a single job there is nothing to draw."""
    assert all(chart.empty for chart in charts([], RANGES[name], NOW))
