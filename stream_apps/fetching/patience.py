"""How long others may keep a fetch waiting. Only that counts: what takes long on our own side is nobody's fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class Patience:
    """The time that is left of a fetch. Use `waiting` round each wait for somebody else."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._left_s = total_s

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait inside. Raises `StepFailure(fetch_failed)` when all waits together have taken too long."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        limit = asyncio.timeout(max(0.0, self._left_s))
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise StepFailure(ErrorCode.FETCH_FAILED, f"it took longer than {self._total_s:g} s") from None
        finally:
            self._left_s -= loop.time() - began
