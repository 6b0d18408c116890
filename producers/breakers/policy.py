"""What a call says about the service behind it, and for how long nobody calls one that fails. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from muniment.producers.embedding.embedder import LineTooLong
from muniment.schemas.breakers import BLOBS, EMBEDDING, FETCHING, WRITING
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError


class Verdict(Enum):
    """What a call that has ended says about the service."""

    FAILED = "failed"
    """It is away, or it breaks: 5xx, no answer in time, no connection."""
    ANSWERED = "answered"
    """It is there, whatever it said: a 4xx is the caller's fault."""
    NOTHING = "nothing"
    """Nothing: the call was given up, or failed before it came to the service."""
    BUSY = "busy"
    """It is there, and asks to come later (429)."""


_FAILED: Mapping[str, frozenset[ErrorCode]] = {
    EMBEDDING: frozenset({ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.PROVIDER_TIMEOUT}),
    BLOBS: frozenset({ErrorCode.BLOB_UNAVAILABLE}),
    FETCHING: frozenset({ErrorCode.FETCH_FAILED}),
    WRITING: frozenset({ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.PROVIDER_TIMEOUT}),
}
"""What counts, by what the breaker stands before: storing what was fetched can fail while the far server is well."""
_OF_ANY = frozenset().union(*_FAILED.values())
_NOTHING = frozenset(
    {
        ErrorCode.BREAKER_OPEN,
        ErrorCode.BUDGET_SPENT,
        ErrorCode.DATABASE_UNAVAILABLE,
        ErrorCode.LOG_UNAVAILABLE,
        ErrorCode.KEY_RING_UNUSABLE,
        ErrorCode.DISK_FULL,
    }
)


def verdict(error: BaseException | None, before: str) -> Verdict:
    """What the end of a call (`None`: it went well) says of the service that the breaker `before` stands before.

    Foreign exceptions are faults of our own.
    """
    if error is None:
        return Verdict.ANSWERED
    if not isinstance(error, MunimentError) or isinstance(error, LineTooLong):
        return Verdict.NOTHING
    if error.code is ErrorCode.PROVIDER_RATE_LIMITED:
        return Verdict.BUSY
    if error.code in _FAILED.get(before, _OF_ANY):
        return Verdict.FAILED
    return Verdict.NOTHING if error.code in _NOTHING | _OF_ANY else Verdict.ANSWERED


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens and for how long.

    Attributes:
        failures: So many failures in a row open it.
        busy: So many times in a row told to come later, with no answer between, open it: a busy service says when to
            come again and the rate limit keeps to that, but one that says nothing else is none that works.
        open_s: How long nobody calls then, in seconds; twice as long after each try that failed.
        longest_s: The longest of these pauses.
        jitter: Largest share that is added to a pause where it ends, so that not all processes try at once.

    """

    failures: int = 5
    busy: int = 20
    open_s: float = 5.0
    longest_s: float = 60.0
    jitter: float = 0.2


def pause_s(limits: BreakerLimits, before_s: float, asked_s: float | None) -> float:
    """Seconds for which nobody calls: after a pause of `before_s` (0: none), when the service asked for `asked_s`."""
    own = min(limits.longest_s, max(limits.open_s, before_s * 2))
    return max(own, min(asked_s or 0.0, limits.longest_s))
