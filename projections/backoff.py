"""Waiting while something is away: doubling, bounded, and over at once when the process is to stop."""

import asyncio


class Backoff:
    """The waits between tries; `reset` after a success."""

    def __init__(self, first_s: float, longest_s: float, stop: asyncio.Event) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._stop = stop
        self._next_s = first_s

    def reset(self) -> None:
        """Start from the first wait again."""
        self._next_s = self._first_s

    async def wait(self) -> None:
        """Wait, unless the process is to stop."""
        delay, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        try:
            async with asyncio.timeout(delay):
                await self._stop.wait()
        except TimeoutError:
            return
