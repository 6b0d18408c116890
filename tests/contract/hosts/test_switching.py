"""The steps change process while records go through: nothing is lost, nothing is there twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.hosted import QUICK, Hosted
from support.key_ring import MemoryKeyRing
from support.toy_step import Do

from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.operations import FoldedOperations
from muniment.schemas.ids import result_id
from muniment.schemas.metadata import LANES, Metadata
from muniment.schemas.operations import FlagChanged
from muniment.schemas.topics import DLQ, DOCUMENTS
from muniment.stream_apps.hosting.health import Health
from muniment.stream_apps.hosting.hosts import Work, run_hosts
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.switch import DURABLE_WORKER, FlagSwitch


class Sides:
    """What a worker process and an API process do about the same flag, here in one process."""

    def __init__(self) -> None:
        self.operations = FoldedOperations()
        self.health = {True: Health(), False: Health()}

    def kind(self, step: Any, settings: HostSettings, publisher: Any) -> Callable[[], Any]:
        """Both sides, as one host of the suite."""
        settings = HostSettings(
            settings.bootstrap, group_prefix=settings.group_prefix, retry=QUICK, session_timeout_s=6.0,
            rebalance_grace_s=2.0, stop_grace_s=1.0, move_retries=False,
        )  # fmt: skip

        @asynccontextmanager
        async def opened() -> AsyncIterator[Work]:
            yield Work((step,), publisher, LogCodec(MemoryKeyRing()))

        async def run() -> None:
            sides = [
                run_hosts(opened, settings, FlagSwitch(self.operations, when=when), self.health[when])
                for when in (True, False)
            ]
            await asyncio.gather(*sides)

        return run

    def turn(self, *, on: bool) -> None:
        """Set the flag."""
        meta = Metadata(uuid4(), "t", uuid4(), uuid4(), datetime.now(UTC), "muniment.test")
        self.operations.take(FlagChanged(flag=DURABLE_WORKER, value=on, reason="a test"), meta)

    def works(self, *, on: bool) -> bool:
        """Whether the hosts of that side have their partitions, and the other side stands by."""
        there, other = self.health[on].state(), self.health[not on].state()
        parts = there["parts"]
        return bool(parts) and all(p["partitions"] for p in parts.values()) and other["parts"] == {} and other["ok"]


@pytest.mark.timeout(400)
async def test_steps_change_sides_under_load(kafka_bootstrap: str, unique: str) -> None:
    """Off, on and off again while records of all lanes go through: each ends once, and both sides are well."""
    sides = Sides()
    running = await Hosted.begin(kafka_bootstrap, unique, sides.kind)
    given, took = [], []

    async def give() -> None:
        for number in range(600):
            do = Do.NEVER if number % 20 == 7 else Do.SLEEP
            given.append(await running.give(do, tokens=number % 7 * 20, lane=LANES[number % 3]))
            await asyncio.sleep(0.02)

    giving = asyncio.create_task(give())
    try:
        for on in (False, True, False):
            await asyncio.sleep(1.5)
            began = time.monotonic()
            sides.turn(on=on)
            async with asyncio.timeout(100):
                while not sides.works(on=on):  # noqa: ASYNC110 - groups in a broker are what is waited for
                    await asyncio.sleep(0.05)
            took.append(time.monotonic() - began)
        await giving
        for number, record in enumerate(given):
            wanted = partial(running.wait_for, key=record.key)
            if number % 20 == 7:
                await wanted(DLQ.name)
            else:
                results = await wanted(DOCUMENTS.name, name="DocumentIndexed")
                expected = str(result_id(UUID(record.header("ce_id")), "indexing", "DocumentIndexed", 0))
                assert {result.header("ce_id") for result in results} == {expected}
        print("hand-over, seconds:", [round(seconds, 1) for seconds in took])  # noqa: T201 - shown with -s
    finally:
        giving.cancel()
        async with asyncio.timeout(60):
            await running.end()
