"""Moments as people write them."""

from datetime import UTC, datetime

import pytest

from muniment.schemas.moments import NoZone, moment


@pytest.mark.parametrize("text", ["2026-11-22T19:00:00+09:00", "2026-11-22T10:00Z", "2026-11-22 10:00:00.000+00:00"])
def test_any_zone_will_do(text: str) -> None:
    """Each is the same moment."""
    assert moment(text) == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_without_a_zone_it_is_nobodys() -> None:
    """One rule for all commands; what is no moment at all is told apart."""
    for text in ("2026-11-22T10:00:00", "2026-11-22"):
        with pytest.raises(NoZone, match="has no zone: write it as"):
            moment(text)
    with pytest.raises(ValueError, match="no moment"):
        moment("yesterday")
