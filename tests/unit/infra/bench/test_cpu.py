"""Processor time is told by part."""

from muniment.infra.bench.cpu import figure


def test_parts_are_told_by_what_they_took_the_largest_first() -> None:
    """Parts that did nothing are left out, one that was not there before counts from nought."""
    found = figure("stack", {"kafka": 1.0, "log": 0.5}, {"kafka": 2.0, "log": 0.5, "workers": 4.0}, chunks=2000)
    assert found.value == 2.5
    assert found.note == "workers 2.0, kafka 0.5"
