"""Asks once more whether a document's time is over, when nothing new is taken for it any more.

Retention judges by the read models, and those come after what they tell of: a version that was accepted a moment before
would go with the old ones. While read models are far behind (one is built anew, say) nothing is begun: submissions
would be turned away for as long as that takes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from muniment.schemas.errors import StepFailure
from muniment.stream_apps.erasing.retention import Retention
from muniment.stream_apps.erasing.store import UnderWay

CLOSE_S = 20.0
"""Read models that take longer than this to come to where the log ended are too far behind to begin."""
ASKING_S = 60.0
"""So long at most nothing new is taken for documents whose time may not be over."""
LATER_S = 300.0
"""After so long what was broken off is begun anew."""
_LOOK_S = 1.0
_LOG = "the log"

Ends = Callable[[], Awaitable[Mapping[int, int]]]
"""Where each partition of a topic ends now; `StepFailure(log_unavailable)`."""
Behind = Callable[[Mapping[int, int]], Awaitable[Sequence[str]]]
"""Which of the read models that tell of it have not folded a topic up to there."""


class Asking:
    """See the module. Whoever takes over in the middle asks for the ends anew: they lie further on, which is safe.

    `ends` are those of `muniment.commands.documents`; `behind` names the read models that are built anew, too.
    """

    def __init__(self, retention: Retention, ends: Ends, behind: Behind, now: Callable[[], datetime]) -> None:
        self._retention = retention
        self._ends = ends
        self._behind = behind
        self._now = now
        # By the moment at which it began to ask, too: what was let in since an earlier time lies behind those ends.
        self._until: dict[tuple[UUID, datetime | None], Mapping[int, int]] = {}
        self._goal: tuple[datetime, Mapping[int, int]] | None = None
        self._seen: tuple[datetime, Sequence[str]] | None = None

    async def too_late(self, erasure: UnderWay) -> Sequence[str]:
        """What is so far behind that this erasure had better not begin; looked up for all of them at once.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        if erasure.moved_at is not None and self._now() < erasure.moved_at + timedelta(seconds=LATER_S):
            return ["it was broken off"]
        if self._seen is None or self._now() - self._seen[0] >= timedelta(seconds=_LOOK_S):
            try:
                late = await self._far_behind()
            except StepFailure:
                # The others of this turn need not find it out one by one: each would wait for the broker.
                self._seen = self._now(), [_LOG]
                raise
            self._seen = self._now(), late
        return self._seen[1]

    async def _far_behind(self) -> Sequence[str]:
        if self._goal is None or self._now() - self._goal[0] > timedelta(seconds=CLOSE_S):
            self._goal = self._now(), await self._ends()
        late = await self._behind(self._goal[1])
        if not late:
            self._goal = None
        return late

    async def late(self, erasure: UnderWay) -> Sequence[str]:
        """The read models that have not folded every command that was on the log when this was first asked.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        began = erasure.erasure_id, erasure.moved_at
        if began not in self._until:
            self._until[began] = await self._ends()
        return await self._behind(self._until[began])

    def is_too_long(self, erasure: UnderWay) -> bool:
        """Whether it has asked for so long that submissions go first."""
        assert erasure.moved_at is not None
        return self._now() >= erasure.moved_at + timedelta(seconds=ASKING_S)

    def forget(self, erasure: UnderWay) -> None:
        """It asks no more, or will anew."""
        self._until.pop((erasure.erasure_id, erasure.moved_at), None)

    async def due(self, erasure: UnderWay) -> tuple[UUID, ...]:
        """Those of its documents whose time is over still. Raises `StepFailure(database_unavailable)`."""
        found = await self._retention.still_due(erasure.tenant, erasure.documents, erasure.reason, erasure.requested_at)
        self.forget(erasure)
        return found
