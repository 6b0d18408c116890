"""How far a projection is behind the end of the log, as its consumer last saw it."""

from collections import defaultdict
from typing import Any

from muniment.schemas.metrics import PROJECTION_LAG


def show_lag(source: Any, projection: str, prefix: str) -> int:
    """Set the lag gauges from a consumer's last answers; the sum over its topics."""
    behind: dict[str, int] = defaultdict(int)
    for partition in source.assignment():
        end, state = source.highwater(partition), source._subscription.subscription  # noqa: SLF001 - see below
        # `position()` is a coroutine that may wait for the broker; the position itself is at hand.
        if end is None or state is None or state.assignment is None:
            continue
        at = state.assignment.state_value(partition)
        if at is not None and at.has_valid_position:
            behind[partition.topic.removeprefix(prefix)] += max(0, end - at.position)
    for topic, lag in behind.items():
        PROJECTION_LAG.labels(projection, topic).set(lag)
    return sum(behind.values())


def silence_s(source: Any, now_ms: float) -> float:
    """Seconds since the broker last answered a fetch; 0 when nothing is assigned or nothing was asked yet."""
    answers = [source.last_poll_timestamp(p) for p in source.assignment()]
    known = [a for a in answers if a is not None and a > 0]
    return max(0.0, (now_ms - max(known)) / 1000) if known else 0.0
