"""One breaker. The state machine is `pybreaker`'s; what is added is who may try, and hearing of what others learned.

Async callers are let in one by one; the outcome is told to the state machine when it is known. A call that was let in
before the breaker opened changes nothing when it ends after that. While it is half open one caller at a time tries.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN, CircuitBreaker

from muniment.producers.breakers.policy import BreakerLimits, Verdict, pause_s, verdict
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.operations import BreakerClosed, BreakerOpened

NEVER_S = 1e9
TRIED_S = 1.0
"""When to come again while somebody else tries (seconds)."""
LONGEST_TRY = timedelta(seconds=120)
"""Who tries for longer has been forgotten about: the next one may."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A breaker as people see it. `state` is `closed`, `open` or `half-open`; `until` is when it may be tried."""

    name: str
    state: str
    failures: int
    until: datetime | None


class _FailedCall(Exception):
    """What the state machine is told."""


class Breaker:
    """Stands before one service. Use `calling` round each call of it.

    A `StepFailure` that says that the service is away carries the breaker's name from then on.
    """

    def __init__(
        self,
        name: str,
        *,
        now: Callable[[], datetime],
        draw: Callable[[], float],
        say: Callable[[Event], None],
        limits: BreakerLimits | None = None,
    ) -> None:
        """`say` is given what the others have to know; `draw` a number in [0, 1)."""
        self.name = name
        self._now = now
        self._draw = draw
        self._say = say
        self._limits = limits or BreakerLimits()
        # It never opens by its own clock: when to try again is decided here, where the others are heard, too.
        self._circuit = CircuitBreaker(self._limits.failures, NEVER_S, name=name, throw_new_error_on_trip=False)
        self._until: datetime | None = None
        self._pause_s = 0.0
        self._busy = 0
        self._trying_since: datetime | None = None
        self._changed_at: datetime | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to remember of the service."""
        return self._circuit.current_state == STATE_CLOSED and self._circuit.fail_counter == 0 and not self._busy

    def shown(self) -> Shown:
        """How it is now."""
        return Shown(self.name, self._circuit.current_state, self._circuit.fail_counter, self._until)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call the service inside.

        Raises:
            StepFailure: `breaker_open` with the seconds after which it may be tried; the service is not called then.

        """
        since = self._let_in()
        error: BaseException | None = None
        try:
            yield
        except BaseException as found:
            error = found
            raise
        finally:
            tries = since is not None
            if tries and self._trying_since == since:
                self._trying_since = None
            self._ended(error, tries=tries)

    def opened_elsewhere(self, at: datetime, until: datetime) -> None:
        """Another process has opened it, at that time."""
        if self._changed_at is not None and at <= self._changed_at:
            return  # our own word, or one that we have gone past since
        self._pause_s = max(0.0, (until - at).total_seconds())
        self._circuit.open()
        self._changed(until + timedelta(seconds=self._pause_s * self._limits.jitter * self._draw()))

    def closed_elsewhere(self) -> None:
        """Another process, or a person, has closed it."""
        if self._circuit.current_state != STATE_CLOSED:
            self._close()

    def _let_in(self) -> datetime | None:
        """Since when the caller tries, if it is the one who does; raises when nobody is let in."""
        if self._circuit.current_state == STATE_CLOSED:
            return None
        left_s = (self._until - self._now()).total_seconds() if self._until else 0.0
        if left_s > 0 or self._tried():
            detail = f"{self.name} is not called for a while: it failed too often"
            raise StepFailure(ErrorCode.BREAKER_OPEN, detail, retry_after_s=max(left_s, TRIED_S), breaker=self.name)
        self._circuit.half_open()
        self._trying_since = self._now()
        return self._trying_since

    def _tried(self) -> bool:
        """Whether somebody tries right now."""
        return self._trying_since is not None and self._now() - self._trying_since < LONGEST_TRY

    def _ended(self, error: BaseException | None, *, tries: bool) -> None:
        found = verdict(error, self.name.partition(":")[0])
        if found is Verdict.FAILED and isinstance(error, StepFailure):
            error.breaker = self.name
        if found is Verdict.NOTHING or (self._circuit.current_state != STATE_CLOSED and not tries):
            return
        if self._circuit.current_state == STATE_OPEN:
            return  # heard of while we tried: others know better
        if found is Verdict.BUSY:
            self._told_to_wait(error)
            return
        if found is Verdict.ANSWERED:
            self._busy = 0
            self._circuit.call(_nothing)
            if tries:
                self._close()
                self._say(BreakerClosed(breaker=self.name, by="probe", reason="a call was answered"))
            return
        assert isinstance(error, MunimentError)
        with suppress(_FailedCall):
            self._circuit.call(_fails)
        if self._circuit.current_state == STATE_OPEN:
            self._opened(error, self._circuit.fail_counter)

    def _told_to_wait(self, error: BaseException | None) -> None:
        """Opens after a long run of nothing else, and again when that is what the try is told."""
        assert isinstance(error, MunimentError)
        self._busy += 1
        if self._busy >= self._limits.busy:
            self._circuit.open()
            self._opened(error, self._busy)

    def _opened(self, error: MunimentError, failures: int) -> None:
        asked_s = error.retry_after_s if isinstance(error, StepFailure) else None
        self._pause_s = pause_s(self._limits, self._pause_s, asked_s)
        self._changed(self._now() + timedelta(seconds=self._pause_s))
        opened = BreakerOpened(breaker=self.name, failures=failures, retry_after_s=self._pause_s, code=error.code.value)
        self._say(opened)

    def _close(self) -> None:
        self._circuit.close()
        self._pause_s, self._busy = 0.0, 0
        self._changed(None)

    def _changed(self, until: datetime | None) -> None:
        self._until = until
        self._changed_at = self._now()


def _nothing() -> None:
    """A call that was answered."""


def _fails() -> None:
    raise _FailedCall


__all__ = ["STATE_CLOSED", "STATE_HALF_OPEN", "STATE_OPEN", "Breaker", "Shown"]
