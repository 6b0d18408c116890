"""Turns of a host's work: as they come, or shared by tenants. The asyncio shell of `rotation`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from muniment.schemas.record import Record
from muniment.stream_apps.hosting.rotation import Rotation


class Turns(Protocol):
    """How many records are worked on at once."""

    def one(self, record: Record) -> AbstractAsyncContextManager[bool]:
        """A turn for as long as the context lasts; gives `False` when there was none in time."""
        ...


class PlainTurns:
    """First come, first served, however long it takes. See `Turns`."""

    def __init__(self, turns: int) -> None:
        self._turns = asyncio.Semaphore(turns)

    @asynccontextmanager
    async def one(self, record: Record) -> AsyncIterator[bool]:
        """See `Turns.one`."""
        del record
        async with self._turns:
            yield True


class SharedTurns:
    """Each key has its share, and waits no longer than `patience_s` for a turn. See `Turns`."""

    def __init__(self, turns: int, key_of: Callable[[Record], str], patience_s: float) -> None:
        self._key_of = key_of
        self._patience_s = patience_s
        self._rotation: Rotation[str, asyncio.Future[None]] = Rotation(turns)

    @asynccontextmanager
    async def one(self, record: Record) -> AsyncIterator[bool]:
        """See `Turns.one`."""
        key = self._key_of(record)
        if not await self._taken(key):
            yield False
            return
        try:
            yield True
        finally:
            self._end(key)

    async def _taken(self, key: str) -> bool:
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._rotation.ask(key, given):
            return True
        try:
            await asyncio.wait((given,), timeout=self._patience_s)
        except asyncio.CancelledError:
            if given.done():
                # Given in the moment that its taker went away: it goes to the next.
                self._end(key)
            else:
                self._rotation.leave(key, given)
            raise
        if not given.done():
            self._rotation.leave(key, given)
        return given.done()

    def _end(self, key: str) -> None:
        for given in self._rotation.end(key):
            given.set_result(None)
