"""How long a server asks us to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.embedding.retry_after import LONGEST_S, retry_after_s

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "28800"}, 28_800.0),
        ({"retry-after": "Mon, 23 Nov 2026 20:00:00 GMT"}, 115_200.0),
        ({"retry-after": "2592000"}, LONGEST_S),
        ({"retry-after": "2592001"}, None),
        ({"retry-after": "1795348800"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after-ms": "28800000"}, 28_800.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
    ],
)
def test_every_form_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates and OpenAI's milliseconds give the same kind of answer, hours as they are; nonsense gives none."""
    assert retry_after_s(headers, NOW) == seconds


@given(st.integers(0, round(LONGEST_S)))
def test_a_date_means_the_time_until_then(seconds: int) -> None:
    """A date is as good as the seconds to it."""
    header = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_s({"retry-after": header}, NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    """Whatever a server sends, the answer is none or bounded."""
    found = retry_after_s({"retry-after": header}, NOW)
    assert found is None or 0 <= found <= LONGEST_S
