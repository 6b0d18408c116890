"""Requests a minute, counted across everyone who shares the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from muniment.producers.embedding.embedder import Embedded, Embedder, LineTooLong, Purpose
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class RateLimit(Protocol):
    """Permission to make requests."""

    async def acquire(self, n: int = 1) -> None:
        """Wait until `n` requests may be made.

        Raises `StepFailure(provider_rate_limited)` at once, taking nothing, when that is longer than the limit's
        patience; its `retry_after_s` says how long.
        """
        ...


@dataclass(frozen=True)
class Bucket:
    """A token bucket under which no minute ever sees more than `per_minute` requests.

    A full bucket plus a minute's refill is exactly `per_minute`; a bucket in debt is a queue that everyone joins.
    """

    per_minute: int
    patience_s: float = 20.0
    """The longest that a caller waits in line."""

    def __post_init__(self) -> None:
        if self.per_minute < 1:
            raise ValueError("at least one request a minute")

    @property
    def burst(self) -> int:
        """Requests that may go at once after a pause: a twentieth of a minute's worth."""
        return max(1, self.per_minute // 20)

    @property
    def per_second(self) -> float:
        """Requests that come back each second."""
        return max(1, self.per_minute - self.burst) / 60

    def after(self, tokens: float, elapsed_s: float, n: int) -> float | None:
        """What is left after taking `n`, below nought as debt; `None` when that debt is beyond patience."""
        full = min(float(self.burst), tokens + max(0.0, elapsed_s) * self.per_second)
        left = full - n
        return left if self.wait_s(left) <= self.patience_s else None

    def wait_s(self, left: float) -> float:
        """Seconds until a debt is worked off."""
        return max(0.0, -left) / self.per_second


def out_of_patience(bucket: Bucket) -> StepFailure:
    """The failure of a caller for whom the line is too long."""
    detail = f"more requests than {bucket.per_minute} a minute are waiting"
    return LineTooLong(ErrorCode.PROVIDER_RATE_LIMITED, detail, retry_after_s=bucket.patience_s)


class LimitedEmbedder:
    """An embedder that asks the limit before each call."""

    def __init__(self, inner: Embedder, limit: RateLimit) -> None:
        self._inner, self._limit = inner, limit

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed `texts` as soon as the limit allows."""
        if texts:
            await self._limit.acquire(1)
        return await self._inner.embed(texts, purpose=purpose)
