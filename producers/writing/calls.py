"""What is told of every call of a language model, and the metrics that count it."""

from collections.abc import Callable
from dataclasses import dataclass

from muniment.schemas.metrics import WRITING_CALLS, WRITING_FIRST_TOKEN, WRITING_LATENCY, WRITING_TOKENS


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ended one way or the other.

    Attributes:
        outcome: `ok`, or the value of the error code it ended with, or `cancelled`.
        first_s: Seconds to the first piece; `None` when none came.
        whole_s: Seconds to the end.
        tokens_in: As the provider said; 0 when it did not come to that.
        tokens_out: The same.

    """

    provider: str
    outcome: str
    first_s: float | None
    whole_s: float
    tokens_in: int
    tokens_out: int


Observe = Callable[[Call], None]


def count(call: Call) -> None:
    """Count a call in the process's metrics."""
    WRITING_CALLS.labels(call.provider, call.outcome).inc()
    WRITING_LATENCY.labels(call.provider).observe(call.whole_s)
    if call.first_s is not None:
        WRITING_FIRST_TOKEN.labels(call.provider).observe(call.first_s)
    WRITING_TOKENS.labels(call.provider, "in").inc(call.tokens_in)
    WRITING_TOKENS.labels(call.provider, "out").inc(call.tokens_out)
