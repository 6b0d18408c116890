"""How long a server asked us to wait. Pure: the time is an argument.

Sources: RFC 9110, section 10.2.3 (`Retry-After` as seconds or as a date); OpenAI adds `retry-after-ms`.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 30 * 24 * 3600.0
"""More than this is no answer but a mistake, such as a moment in the place of seconds. Whether what was asked is waited
for is the business of whoever waits: a record has its deadline, a breaker its longest pause."""


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `now`, from 0 to `LONGEST_S`; `None` when the headers do not say or say nonsense.

    `headers` are expected with lower-case names, or to ignore case.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _plausible(milliseconds / 1000)
    given = headers.get("retry-after")
    seconds = _number(given)
    if seconds is not None:
        return _plausible(seconds)
    date = _date(given)
    return None if date is None else _plausible((date - now).total_seconds())


def _number(given: str | None) -> float | None:
    try:
        value = float(given or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(given: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(given or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date without a zone is in UTC, as every HTTP date is.
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _plausible(seconds: float) -> float | None:
    return max(seconds, 0.0) if seconds <= LONGEST_S else None
