"""What the records wait for that wait in place: our own log, database or disk, or a key that is not at hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import STEP_WAITING

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
    """One record on its way through a step, as far as it waits."""

    def __init__(self, waits: "Waits", step: str, position: str) -> None:
        self._waits = waits
        self._step, self._position = step, position
        self._wait: Wait | None = None

    def on(self, failure: MunimentError) -> None:
        """It waits for this; since before, if it waited already."""
        since = self._wait.since if self._wait else self._waits.clock()
        self.over()
        self._wait = Wait(self._step, self._position, failure.code.value, failure.detail, since)
        self._waits.held[id(self)] = self._wait
        STEP_WAITING.labels(self._step, self._wait.code).inc()

    def over(self) -> None:
        """It waits no more."""
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
        """A record is worked on inside; whatever ends that, it waits no more."""
        waiting = Waiting(self, step, position)
        try:
            yield waiting
        finally:
            waiting.over()

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
