"""A document that is being read in a child process when its job is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psutil
from support import child_work
from support.key_ring import MemoryKeyRing
from support.parking import Cancellations
from support.publisher import MemoryPublisher
from support.toy_step import ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.child import Children, ChildRun
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler


class Reading(ToyStep):
    """Has a child that never ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__("acme", timeout_s=300)
        self.folder = folder
        self._children = Children(1)

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        run = ChildRun(self._children, child_work.hang, self.folder / "pid", progress=self.folder / "progress")
        async for _ in run.progress(0.05):
            pass
        async for item in super().run(envelope):
            yield item


async def test_its_child_is_gone_with_the_job(tmp_path: Path) -> None:
    """Soon after the cancellation the child is killed, its place is free, and nothing was published."""
    step, cancelled, log = Reading(tmp_path), Cancellations(), MemoryPublisher()
    settler = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(cancelled=cancelled))
    record = replace(job("acme"), partition=0, offset=1)
    task = asyncio.create_task(settler.settle(step, record))
    pid = tmp_path / "pid"
    async with asyncio.timeout(90):
        while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 - the child is what is waited for
            await asyncio.sleep(0.02)
    cancelled.cancel(UUID(record.header("correlation_id")))
    async with asyncio.timeout(60):
        assert await task == "cancelled"
    assert not log.sent
    async with asyncio.timeout(60):
        while psutil.pid_exists(int(pid.read_text())):  # noqa: ASYNC110 - the child is what is waited for
            await asyncio.sleep(0.02)
