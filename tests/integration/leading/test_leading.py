"""One of many leads, on a real Postgres."""

import asyncio
from typing import Any

import asyncpg
import pytest

from muniment.producers import leading
from muniment.producers.leading import Leading

LONG_S = 60.0


class Candidate:
    """Somebody who would do the work."""

    def __init__(self, url: str) -> None:
        self.connection: Any = None
        self.turns = 0
        self._url = url
        self.leading = Leading("muniment.test", self._connect)
        self.task = asyncio.create_task(self.leading.run(self._work))

    async def _connect(self) -> Any:
        self.connection = await asyncpg.connect(self._url)
        return self.connection

    async def _work(self) -> None:
        while True:
            self.turns += 1
            await self.leading.beat()
            await asyncio.sleep(0.01)

    @property
    def leads(self) -> bool:
        """What it says of itself."""
        return self.leading.state("test", LONG_S)["leads"] is True


async def until(what: Any) -> None:
    async with asyncio.timeout(90):
        while not what():  # noqa: ASYNC110 - another task does it
            await asyncio.sleep(0.02)


async def test_who_loses_its_session_stops_and_another_goes_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never two at once; whoever lost the lead stands by again."""
    monkeypatch.setattr(leading, "STAND_BY_S", 0.1)
    candidates = [Candidate(database_url) for _ in range(3)]
    try:
        for _ in range(2):
            await until(lambda: sum(one.leads for one in candidates) == 1)
            [first] = [one for one in candidates if one.leads]
            await until(lambda first=first: first.turns > 3)
            first.connection.terminate()
            await until(lambda first=first: not first.leads)
            assert sum(one.leads for one in candidates) <= 1
        assert all(one.leading.state("test", LONG_S)["running"] for one in candidates)
        assert not leading.Leading("x", candidates[0]._connect).state("test", 0.0)["running"]
    finally:
        for one in candidates:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in candidates), return_exceptions=True)
