"""What is told of every call of the endpoint, and the metrics that count it."""

from collections.abc import Callable
from dataclasses import dataclass

from muniment.schemas.metrics import EMBEDDING_CALLS, EMBEDDING_LATENCY, EMBEDDING_TOKENS


@dataclass(frozen=True)
class Call:
    """One request to the endpoint, ended one way or the other."""

    outcome: str
    """`ok`, or the value of the error code it ended with, or `cancelled`."""
    latency_ms: float
    inputs: int
    tokens: int


Observe = Callable[[Call], None]


def count(call: Call) -> None:
    """Count a call in the process's metrics."""
    EMBEDDING_CALLS.labels(outcome=call.outcome).inc()
    EMBEDDING_LATENCY.observe(call.latency_ms)
    EMBEDDING_TOKENS.inc(call.tokens)
