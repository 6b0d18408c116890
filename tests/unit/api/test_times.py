"""Times in requests."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from muniment.api.times import Time

TIME = TypeAdapter(Time)


def test_a_time_with_its_zone_is_taken() -> None:
    """In whichever zone it is written."""
    assert TIME.validate_python("2026-01-02T03:04:05+01:00") == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, 1.5, -520, "-520", "1767225600", " 12.5 ", "2026-01-02T03:04:05", "soon"])
def test_a_number_is_no_time(value: object) -> None:
    """Nor is a time without a zone: whoever reads it would have to guess."""
    with pytest.raises(ValidationError):
        TIME.validate_python(value)
