"""The port through which every record goes to its step: open, or held while the step is halted."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Record


class Gate(Protocol):
    """What the wrapper asks before it runs a step, and tells afterwards.

    `step` is the name of a step, or of one branch of it (`schemas.topics.branched`).
    """

    def passing(self, step: str, record: Record) -> AbstractAsyncContextManager[bool]:
        """Hold while the step is halted, then let one try through; gives whether it is a probe of a halted step."""
        ...

    async def went_well(self, step: str, record: Record, *, probe: bool) -> None:
        """The try brought the record to a good end, or the document was refused: the step works."""
        ...

    def holds(self, step: str) -> bool:
        """Whether the step is halted."""
        ...

    async def may_leave(
        self, step: str, record: Record, code: ErrorCode, *, dead: bool, probe: bool, culprit: str = ""
    ) -> bool:
        """Whether a record that failed may go to a retry tier, or (`dead`) to the dead letters.

        `False` when the step is halted, or is with this one: then the record is held, and tried again afterwards, and
        neither attempts nor records are lost to what is wrong with the step. `culprit` is what it failed by when that
        is neither the step nor the record, such as a host that is away: all that fail by the same count as one.
        """
        ...

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until an operator (or another process) changes how things are run."""
        ...


class OpenGate:
    """Never halts anything. See `Gate`."""

    @asynccontextmanager
    async def passing(self, step: str, record: Record) -> AsyncIterator[bool]:
        """At once, and no probe."""
        del step, record
        yield False

    async def went_well(self, step: str, record: Record, *, probe: bool) -> None:
        """Nobody counts."""
        del step, record, probe

    def holds(self, step: str) -> bool:
        """No."""
        del step
        return False

    async def may_leave(
        self, step: str, record: Record, code: ErrorCode, *, dead: bool, probe: bool, culprit: str = ""
    ) -> bool:
        """Yes."""
        del step, record, code, dead, probe, culprit
        return True

    async def pause(self, seconds: float) -> None:
        """Just wait."""
        await anyio.sleep(seconds)
