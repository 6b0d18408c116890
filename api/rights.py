"""Whether those who listen still may: the right that a stream was opened with is asked for again while it is open.

A request is let in once; a stream lasts for hours, in which a key is revoked or expires, a scope is taken away, or
somebody signs out. One task looks at all that is open, and asks once for all streams that stand on the same right.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from muniment.api.problems.problem import Problem
from muniment.schemas.errors import MunimentError

LOG = structlog.get_logger(__name__)
EVERY_S = 15.0
"""How long a right that is gone may still be believed in; as often, a silent stream is kept open by a comment."""
Lost = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody may, by what they have shown; equal ones are asked for once, however many streams stand on them.

    Attributes:
        shown: A hash of what they have shown: a key, or the cookie of a session.
        tenant: Whose things they see by it.
        scope: What they need it for.
        refused: Asks again; says why not when the right is gone, and raises `StepFailure` when nobody can tell.

    """

    shown: bytes = field(repr=False)
    tenant: str
    scope: str
    refused: Callable[[], Awaitable[Problem | None]] = field(compare=False, repr=False)


class Rights:
    """The rights that open streams stand on. Its task runs only while there are any."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._held: defaultdict[Right, dict[object, Lost]] = defaultdict(dict)
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def held(self, right: Right, lost: Lost) -> Iterator[None]:
        """Have `lost` called with the reason whenever the right is found to be gone, for as long as this is held."""
        stream = object()
        self._held[right][stream] = lost
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            del self._held[right][stream]
            if not self._held[right]:
                del self._held[right]
            if not self._held and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            for right in list(self._held):
                try:
                    problem = await right.refused()
                except MunimentError:
                    # The database is away: nobody's stream ends for that, and the others need not be asked for.
                    break
                except Exception:
                    LOG.exception("rights.failed")
                    continue
                if problem is not None:
                    LOG.info("rights.gone", tenant=right.tenant, code=problem.code)
                    for lost in list(self._held.get(right, {}).values()):
                        lost(problem)
