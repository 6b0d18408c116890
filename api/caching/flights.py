"""Many who ask for the same at the same time are answered by one piece of work."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class _Flight:
    task: "asyncio.Task[Any]"
    waiting: int = 0


class Flights:
    """The work that is under way, by its name."""

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight] = {}

    async def join(self, name: bytes, work: Callable[[], Awaitable[bytes]]) -> bytes:
        """The outcome of `work`, or of that of the same name which somebody else has begun; its failure is everybody's.

        Who stops waiting ends nobody else's work; the work ends when nobody waits for it any more.
        """
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = _Flight(asyncio.create_task(_run(work)))
            flight.task.add_done_callback(lambda _: self._landed(name, flight))
        flight.waiting += 1
        try:
            done: bytes = await asyncio.shield(flight.task)
            return done
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # From here on nobody joins it: who asks now begins anew.
                self._landed(name, flight)
                flight.task.cancel()

    def _landed(self, name: bytes, flight: "_Flight | None") -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]
        if flight is not None and flight.task.done() and not flight.task.cancelled():
            # Looked at here, because everybody who waited may have left.
            flight.task.exception()


async def _run(work: Callable[[], Awaitable[bytes]]) -> bytes:
    return await work()
