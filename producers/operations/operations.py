"""What every part may ask about how Muniment is run, and how it learns that something has changed."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from muniment.producers.operations.state import Halt, OpenBreaker, OperationsState, fold
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata

Listener = Callable[[OperationsState], None]
log = structlog.get_logger(__name__)


class Operations(Protocol):
    """The port. Answers come from memory: asking costs nothing.

    Attributes:
        caught_up: Set once everything that lay on the log at the start is folded; until then the defaults hold.
        version: Counts the changes; for `changed`.

    """

    caught_up: asyncio.Event
    version: int

    @property
    def state(self) -> OperationsState:
        """How things are now."""
        ...

    def flag(self, name: str) -> bool:
        """A flag's value now; `KeyError` for one that `schemas.flags` does not declare."""
        ...

    def halted(self, step: str) -> Halt | None:
        """Why a step takes no more records; `None` while it does."""
        ...

    def breaker(self, name: str) -> OpenBreaker | None:
        """Since when and until when a service is not to be called; `None` while it is."""
        ...

    async def changed(self, since: int | None = None) -> int:
        """Wait for the next change; with `since`, for `version` to differ from it. Returns the version then.

        A loop that does things between two looks passes the version that it looked at, so that it misses nothing.
        """
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the state at every change, in order, until the function returned is called."""
        ...


class FoldedOperations:
    """`Operations` over records that somebody else brings: the tail of the log, or a test."""

    def __init__(self) -> None:
        self.caught_up = asyncio.Event()
        self.version = 0
        self._state = OperationsState()
        self._next = asyncio.Event()
        self._listeners: list[Listener] = []

    @property
    def state(self) -> OperationsState:
        """See `Operations.state`."""
        return self._state

    def flag(self, name: str) -> bool:
        """See `Operations.flag`."""
        return self._state.flag(name)

    def halted(self, step: str) -> Halt | None:
        """See `Operations.halted`."""
        return self._state.halted.get(step)

    def breaker(self, name: str) -> OpenBreaker | None:
        """See `Operations.breaker`."""
        return self._state.breakers.get(name)

    async def changed(self, since: int | None = None) -> int:
        """See `Operations.changed`."""
        seen = self.version if since is None else since
        while self.version == seen:
            await self._next.wait()
        return self.version

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See `Operations.listen`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def take(self, event: Event, meta: Metadata) -> None:
        """Fold one record in, and tell everybody if it changed anything."""
        self._become(fold(self._state, event, meta))

    def forget(self) -> None:
        """Start anew with the defaults."""
        self._become(OperationsState())

    def _become(self, state: OperationsState) -> None:
        if state == self._state:
            return
        self._state = state
        self.version += 1
        woken, self._next = self._next, asyncio.Event()
        woken.set()
        for listener in tuple(self._listeners):
            try:
                listener(state)
            except Exception:
                # One listener's fault is not to keep the others, or the fold, from what comes next.
                log.exception("operations_listener_failed")
