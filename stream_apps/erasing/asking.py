"""Asks once more whether a document's time is over, when nothing new is taken for it any more.

Retention judges by the read models, and those come after what they tell of: a version that was accepted a moment before
would go with the old ones.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from muniment.stream_apps.erasing.retention import Retention
from muniment.stream_apps.erasing.store import UnderWay

Ends = Callable[[], Awaitable[Mapping[int, int]]]
"""Where each partition of `muniment.commands.documents` ends now; `StepFailure(log_unavailable)`."""
Behind = Callable[[Mapping[int, int]], Awaitable[Sequence[str]]]
"""Which of the read models that tell of accepted commands have not folded them up to there."""


class Asking:
    """See the module. Whoever takes over in the middle asks for the ends anew: they lie further on, which is safe."""

    def __init__(self, retention: Retention, ends: Ends, behind: Behind) -> None:
        self._retention = retention
        self._ends = ends
        self._behind = behind
        self._until: dict[UUID, Mapping[int, int]] = {}

    async def late(self, erasure: UnderWay) -> Sequence[str]:
        """The read models that have not folded every command that was on the log when this was first asked.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        if erasure.erasure_id not in self._until:
            self._until[erasure.erasure_id] = await self._ends()
        return await self._behind(self._until[erasure.erasure_id])

    async def due(self, erasure: UnderWay) -> tuple[UUID, ...]:
        """Those of its documents whose time is over still. Raises `StepFailure(database_unavailable)`."""
        found = await self._retention.still_due(erasure.tenant, erasure.documents, erasure.reason, erasure.requested_at)
        self._until.pop(erasure.erasure_id, None)
        return found
