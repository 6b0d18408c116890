"""When a consumer lets records gather before it asks for more: never on a quiet log, a moment on a busy one.

Most of what the consumer of a lane reads is another lane's business. Each answer of the broker costs it and the broker
about a millisecond of processor time, for one record or for fifty: on a busy log twenty consumers that each ask again
at once spend more than the work itself. A lane that has had work lately rests shortly; one that has had none rests
longer, and the first of its consumers that finds work wakes the others of its process.
"""

import asyncio
import contextlib
from collections import deque

from muniment.stream_apps.hosting.settings import BULK

WITHIN_S = 1.0
AWAKE_REST_S, AWAKE_OFTEN = 0.04, 10
"""So long rests a consumer of a lane that is awake, when it has found nothing to do this often within a second."""
REST_S, OFTEN = 0.09, 3
"""The same of a lane that sleeps; and of the bulk lane, in which nobody waits, also after records to work on.

Shorter than the 0.1 s for which aiokafka holds back its next request while records that it has brought lie there: that
request would be one without their partition, and the broker may keep it for as long as `FETCH_WAIT_MS`."""
AWAKE_S = 30.0
"""How long a lane stays awake after its last work."""
HAND_OVER_REST_S, HAND_OVER_OFTEN = 0.03, 30
"""The same where every look is worked on, and handed from one thread to another: only where many come and go."""


class Looks:
    """The looks at the log, within the last second, that brought anything."""

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def another(self, now: float) -> int:
        """Take note of one more; how many there were. Times are seconds of any clock that does not go back."""
        self._at.append(now)
        while self._at[0] < now - WITHIN_S:
            self._at.popleft()
        return len(self._at)


class Wakefulness:
    """Whether a lane has work: one for each lane of a process, shared by its consumers. Times are as for `Looks`."""

    def __init__(self) -> None:
        self._until = float("-inf")
        self._stir = asyncio.Event()

    def awake(self, now: float) -> bool:
        """Whether the lane has had work lately."""
        return now < self._until

    def work(self, now: float) -> None:
        """Take note of work; who rests longer than in a lane that is awake rests no more."""
        asleep = not self.awake(now)
        self._until = now + AWAKE_S
        if asleep:
            self._stir.set()
            self._stir.clear()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until the lane wakes up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stir.wait()


class Pace:
    """How long one consumer is to rest after a look at the log."""

    def __init__(self, lane: str | None, wakefulness: Wakefulness, *, most: int) -> None:
        """`lane` is the one that is worked through; `most` are the records that one look can bring."""
        self._gathers = lane == BULK
        self._lane = wakefulness
        self._most = most
        self._looks = Looks()

    def looked(self, records: int, own: int, now: float) -> float:
        """Take note of a look that brought so many records, so many of them to work on; seconds to rest after it.

        None while records wait on the log (then the look brought all that it can), and outside the bulk lane none
        after a look that brought work.
        """
        if own and not self._gathers:
            self._lane.work(now)
            return 0.0
        if not records or records >= self._most:
            return 0.0
        rest_s, often = (AWAKE_REST_S, AWAKE_OFTEN) if self._lane.awake(now) else (REST_S, OFTEN)
        return rest_s if self._looks.another(now) > often else 0.0
