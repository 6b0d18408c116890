"""Carries the records of one partition of a retry tier on when they are due: in order, never early, confirmed."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable

from muniment.producers.publisher import Publisher
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.ids import trace_of
from muniment.schemas.metrics import DLQ_ENTRIES, RETRY_LATENESS
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState, by_this_program, retry_state
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_TIERS
from muniment.stream_apps.retrying.confirmed import Sleep, send_at_last
from muniment.stream_apps.retrying.fingerprint import fingerprint
from muniment.stream_apps.retrying.policy import Limits, fitting_tier, jitter_s, leaves_ms

MAX_WAITING = 1000
MAX_WAITING_BYTES = 4 * 1024 * 1024
BATCH = 256
CLOSING_GRACE_S = 2.0


def epoch_ms() -> int:
    """The wall clock in milliseconds of the Unix epoch."""
    return time.time_ns() // 1_000_000


class Carrier:
    """One partition of one tier. `moved` is awaited with the next offset after each confirmed batch."""

    def __init__(
        self,
        tier: int,
        publisher: Publisher,
        limits: Limits,
        moved: Callable[[int], Awaitable[None]],
        *,
        now_ms: Callable[[], int] = epoch_ms,
        draw: Callable[[], float] = random.random,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._tier = tier
        self._publisher = publisher
        self._limits = limits
        self._moved = moved
        self._now_ms = now_ms
        self._draw = draw
        self._sleep = sleep
        self._waiting: deque[tuple[Record, int]] = deque()
        self._bytes = 0
        self._came = asyncio.Event()
        self._moving = False
        self._closing = False
        self.task = asyncio.create_task(self._carry())

    @property
    def full(self) -> bool:
        """Whether its partition should pause."""
        return len(self._waiting) >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES

    @property
    def hungry(self) -> bool:
        """Whether its partition should go on again."""
        return len(self._waiting) <= MAX_WAITING // 2 and self._bytes <= MAX_WAITING_BYTES // 2

    @property
    def waiting(self) -> int:
        """Records held in memory."""
        return len(self._waiting)

    def take(self, record: Record) -> None:
        """Queue a record; call in the order of the partition."""
        self._waiting.append((record, self._now_ms()))
        self._bytes += len(record.value)
        self._came.set()

    async def close(self) -> None:
        """Let a batch under way end, drop the rest: whoever has the partition next reads it again."""
        self._closing = True
        if self._moving:
            await asyncio.wait((self.task,), timeout=CLOSING_GRACE_S)
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _carry(self) -> None:
        while not self._closing:
            while not self._waiting:
                self._came.clear()
                await self._came.wait()
            await self._until(self._leaves(self._waiting[0][0]))
            self._moving = True
            batch = self._due()
            await asyncio.gather(*(self._move(record, taken_ms) for record, taken_ms in batch))
            await self._moved((batch[-1][0].offset or 0) + 1)
            self._moving = False

    def _due(self) -> list[tuple[Record, int]]:
        now, batch = self._now_ms(), [self._next()]
        while self._waiting and len(batch) < BATCH and self._leaves(self._waiting[0][0]) <= now:
            batch.append(self._next())
        return batch

    def _next(self) -> tuple[Record, int]:
        record, taken_ms = self._waiting.popleft()
        self._bytes -= len(record.value)
        return record, taken_ms

    def _leaves(self, record: Record) -> int:
        state = retry_state(record)
        # One that cannot be read has nothing to wait for.
        return leaves_ms(state.due_ms, record.timestamp_ms or 0, self._tier, self._limits) if state else 0

    async def _until(self, moment_ms: int) -> None:
        while (left := moment_ms - self._now_ms()) > 0:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(left / 1000)

    async def _move(self, record: Record, taken_ms: int) -> None:
        state = retry_state(record)
        if state is None or state.step not in REDELIVERY:
            await self._bury(record)
            return
        left_ms = state.due_ms - self._now_ms()
        if left_ms > 0:
            await send_at_last(self._publisher, record.to(RETRY_TIERS[fitting_tier(left_ms / 1000, self._limits)].name))
            return
        # From when it was due and could be taken: who had to wait for a turn has been spread by that already. What came
        # due while nobody moved anything is spread from now on, or all of it would meet a server that is just back.
        ready_ms = max(state.due_ms, taken_ms)
        spread_s = jitter_s(self._tier, self._draw(), self._limits) - (self._now_ms() - ready_ms) / 1000
        if spread_s > 0:
            await self._sleep(spread_s)
        await send_at_last(self._publisher, record.to(REDELIVERY[state.step].name))
        late_ms = max(self._now_ms() - state.due_ms, 0)
        RETRY_LATENESS.labels(RETRY_TIERS[self._tier].name).observe(late_ms / 1000)

    async def _bury(self, record: Record) -> None:
        error = "the retry headers are missing or malformed"
        state = RetryState(
            step="retrying",
            attempt=0,
            waits=0,
            first_failed_ms=record.timestamp_ms or 0,
            due_ms=0,
            origin=Position(record.topic, record.partition or 0, record.offset or 0),
            code=ErrorCode.UNDECODABLE,
            error=error,
            fingerprint=fingerprint(ErrorCode.UNDECODABLE, error, step="retrying", schema="unknown"),
            trace=trace_of(record.header("traceparent") or ""),
        )
        headers = state.to_headers() | by_this_program()
        await send_at_last(self._publisher, record.with_headers(headers).to(DLQ.name))
        DLQ_ENTRIES.labels("retrying", state.code.value).inc()
