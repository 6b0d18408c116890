"""How long others may keep a fetch waiting. Only that counts: what takes long on our own side is nobody's fault."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class OutOfTimeError(Exception):
    """All waits together have taken too long; whose fault it is, is not said."""


class Patience:
    """The time that is left of a fetch. Use `waiting` round each wait for somebody else."""

    def __init__(self, total_s: float, silence_s: float) -> None:
        self._total_s = total_s
        self._left_s = total_s
        self._fair_s = min(silence_s, total_s / 2)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait inside. Raises `OutOfTimeError`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        limit = asyncio.timeout(max(0.0, self._left_s))
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise OutOfTimeError from None
        finally:
            self._left_s -= loop.time() - began

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Ask one host inside: it is its failure when time runs out, unless those before it had left it hardly any."""
        fair = self._left_s >= self._fair_s
        try:
            yield
        except OutOfTimeError:
            if fair:
                raise self._failure() from None
            raise

    @contextmanager
    def blaming_nobody(self) -> Iterator[None]:
        """All that is asked inside: that time has run out is a failure of the fetch, whoever was asked last."""
        try:
            yield
        except OutOfTimeError:
            raise self._failure() from None

    def _failure(self) -> StepFailure:
        return StepFailure(ErrorCode.FETCH_FAILED, f"it took longer than {self._total_s:g} s")
