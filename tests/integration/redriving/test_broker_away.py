"""The broker goes while letters go out, and comes back: each letter still lies on its topic once."""

import asyncio
import threading
from pathlib import Path

import pytest
from support.kafka import running_broker
from support.ports import free_ports
from support.redriving import Yard, redrive

from muniment.schemas.operations import RedriveStarted


class Broker:
    """A broker of the test's own that can be killed and started again with its data."""

    def __init__(self, home: Path) -> None:
        self.port, self._controller = free_ports(2)
        self._home = home
        self._thread: threading.Thread | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns once it answers."""
        self._up, self._down = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert await asyncio.to_thread(self._up.wait, 90)

    async def kill(self) -> None:
        """`kill -9`."""
        self._down.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with running_broker(self.port, self._controller, self._home):
            self._up.set()
            self._down.wait()


@pytest.mark.timeout(400)
async def test_a_broker_killed_in_the_middle(database_url: str, tmp_path: Path) -> None:
    """The redriver waits, takes over anew, looks at what it had sent, and goes on."""
    broker = Broker(tmp_path)
    await broker.start()
    try:
        async with Yard(broker.bootstrap, database_url, "away.") as yard:
            letters = await yard.bury(150)
            (started,) = await yard.order(redrive(rate=50.0))
            assert isinstance(started, RedriveStarted)
            yard.redrive_all()
            query = "select count(*) > 30 from muniment_operating.letters where state = 'redriven'"
            await yard.until(query, True)
            await broker.kill()
            await asyncio.sleep(3)
            assert await yard.pool.fetchval("select state from muniment_operating.redrives") == "running"
            await broker.start()
            assert await yard.ended(started.redrive_id, within_s=150) == "done"
            assert await yard.out_of() == dict.fromkeys(letters, 1)
            await yard.stop()
    finally:
        await broker.kill()
