"""What the records wait for that wait in place: our own log, database or disk, or a key that is not at hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import STEP_WAITING
from muniment.stream_apps.retrying.waited import SETTLING

MOST = 20
"""So many are told, the longest first."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A record that waits: at which step, where it lies, for what, and since when."""

    step: str
    position: str
    code: str
    detail: str
    since: float


class Waiting:
    """One record that is being settled, as far as it waits. See `retrying.waited`."""

    def __init__(self, waits: "Waits", step: str, position: str) -> None:
        self._waits = waits
        self._step, self._position = step, position
        self._wait: Wait | None = None
        self._failures: dict[object, MunimentError] = {}
        self._ended = False

    def on(self, failure: MunimentError, call: object = None) -> None:
        """A call of it waits for this; the record waits since before, if it waited already.

        Several of its calls may wait side by side: it is shown once, with what was told last, until all have ended.
        """
        if self._ended:
            return  # a task that outlives the record it was started for
        self._failures.pop(call, None)
        self._failures[call] = failure
        self._show(failure, self._wait.since if self._wait else self._waits.clock())

    def over(self, call: object = None) -> None:
        """The call waits no more."""
        if self._failures.pop(call, None) is None or self._wait is None:
            return
        if self._failures:
            self._show(next(reversed(self._failures.values())), self._wait.since)
        else:
            self._hide()

    def end(self) -> None:
        """The record is settled, or was given up: none of its calls is shown any more, whatever they still tell."""
        self._ended = True
        self._failures.clear()
        self._hide()

    def _show(self, failure: MunimentError, since: float) -> None:
        self._hide()
        self._wait = Wait(self._step, self._position, failure.code.value, failure.detail, since)
        self._waits.held[id(self)] = self._wait
        STEP_WAITING.labels(self._step, self._wait.code).inc()

    def _hide(self) -> None:
        if self._wait is not None:
            del self._waits.held[id(self)]
            STEP_WAITING.labels(self._step, self._wait.code).dec()
        self._wait = None


class Waits:
    """What waits in this process, for `/health`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.held: dict[int, Wait] = {}

    @contextmanager
    def of(self, step: str, position: str) -> Iterator[Waiting]:
        """A record is settled inside, also by tasks started there; whatever ends that, it waits no more."""
        waiting = Waiting(self, step, position)
        token = SETTLING.set(waiting)
        try:
            yield waiting
        finally:
            waiting.end()
            SETTLING.reset(token)

    def shown(self) -> list[dict[str, object]]:
        """The records that have waited longest; of many that wait for the same, the first, and how many there are."""
        alike: dict[tuple[str, str, str], list[Wait]] = {}
        for one in sorted(self.held.values(), key=lambda one: one.since):
            alike.setdefault((one.step, one.code, one.detail), []).append(one)
        now = self.clock()
        return [
            {
                "step": first.step,
                "position": first.position,
                "code": first.code,
                "detail": first.detail,
                "records": len(some),
                "for_s": round(now - first.since, 1),
            }
            for some in list(alike.values())[:MOST]
            for first in some[:1]
        ]
