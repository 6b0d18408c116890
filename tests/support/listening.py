"""A reader of a live stream, in the process: what it was sent, as events."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from muniment.api.live.hub import Hub
from muniment.api.live.stream import Stream
from muniment.api.live.watch import Watch
from muniment.projections.jobs.feed_mark import from_id


@dataclass(frozen=True)
class Event:
    """An event as an EventSource would give it."""

    name: str
    data: Any
    event_id: str | None

    @property
    def told(self) -> tuple[Any, ...]:
        """What is told of a job, without the id."""
        job = self.data
        progress = job["progress"] and (job["progress"]["done"], job["progress"]["total"])
        return self.name, job["job_id"], job["state"], job["step"], progress, job["version"], job["retry_due_at"]


def events_of(text: str) -> list[Event]:
    """The events in a stream's text; comments and bare fields are none."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            found.append(Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id")))
    return found


@dataclass
class Listener:
    """A reader; `gate`, when cleared, keeps it from taking anything in."""

    hub: Hub
    stream: Stream
    received: bytes = b""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def start(self) -> "Listener":
        """Begin to read."""
        self.gate.set()

        async def write(data: bytes) -> None:
            await self.gate.wait()
            self.received += data

        async def run() -> None:
            try:
                await self.stream.run(write)
            finally:
                self.hub.release(self.stream)

        self._task = asyncio.create_task(run())
        return self

    @property
    def events(self) -> list[Event]:
        """What it was sent so far."""
        return events_of(self.received.decode())

    @property
    def jobs(self) -> list[Event]:
        """Changes of jobs, without snapshots and what is told beside the order."""
        return [e for e in self.events if e.name in {"job", "end"}]

    async def until(self, reached: Callable[["Listener"], Any], timeout_s: float = 60) -> None:
        """Wait until something holds of what it was sent."""
        deadline = monotonic() + timeout_s
        while not reached(self):
            assert monotonic() < deadline, [(e.name, e.data) for e in self.events][-5:]
            await asyncio.sleep(0.005)

    async def ended(self, timeout_s: float = 60) -> None:
        """Wait until the stream is over by itself."""
        assert self._task is not None
        async with asyncio.timeout(timeout_s):
            await self._task

    async def leave(self) -> None:
        """Hang up."""
        self.stream.end()
        self.gate.set()
        await self.ended()


def listen(hub: Hub, watch: Watch, after: str | None = None) -> Listener:
    """Open a stream and read it."""
    return Listener(hub, hub.open(watch, "key", from_id(after) if after else None, after)).start()
