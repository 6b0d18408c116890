"""When hosts run: always, or while a flag says that this process is the one that runs them."""

import asyncio
from typing import Protocol

from muniment.producers.operations.operations import Operations

DURABLE_WORKER = "durable_worker"
"""On: the worker processes run the steps. Off: the API process does."""


class Switch(Protocol):
    """Tells whether hosts are to run in this process."""

    def on(self) -> bool:
        """Whether they are, now."""
        ...

    async def turned(self, *, on: bool) -> None:
        """Return as soon as they are to run (`on`), or are not."""
        ...


class AlwaysOn:
    """For a process that has nothing else to do. See `Switch`."""

    def on(self) -> bool:
        """Yes."""
        return True

    async def turned(self, *, on: bool) -> None:
        """At once, or never."""
        if not on:
            await asyncio.get_running_loop().create_future()


class FlagSwitch:
    """Follows a flag: on while its value is `when`. See `Switch`."""

    def __init__(self, operations: Operations, flag: str = DURABLE_WORKER, *, when: bool) -> None:
        self._operations = operations
        self._flag = flag
        self._when = when

    def on(self) -> bool:
        """Whether the flag has that value."""
        return self._operations.flag(self._flag) is self._when

    async def turned(self, *, on: bool) -> None:
        """See `Switch.turned`. A change in between two looks is not missed."""
        while True:
            version = self._operations.version
            if self.on() is on:
                return
            await self._operations.changed(version)
