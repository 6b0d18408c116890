"""A halted step with a backlog, and the step that resumes it, in the apps that the settings put them into."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.hosted import SESSION_S
from support.key_ring import MemoryKeyRing
from support.operations import said
from support.topics import begin_at_the_end, create_topics
from support.toy_step import ToyStep, job

from muniment.infra.host_settings import host_settings
from muniment.infra.settings import Settings
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, encode
from muniment.schemas.event import Event
from muniment.schemas.operation_commands import ResumeStep
from muniment.schemas.record import Record
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.health import Health
from muniment.stream_apps.hosting.hosts import Work, run_hosts
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.switch import AlwaysOn
from muniment.stream_apps.step import Step

BACKLOG = 2000
"""More than the window and what Faust keeps before it, in every partition."""


class Operating(Step):
    """Resumes what it is told to."""

    name, reads, timeout_s = "operating", (ResumeStep,), 60.0

    def __init__(self, gate: "Halting", reason: str) -> None:
        self._gate, self._reason = gate, reason

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        assert isinstance(envelope.event, ResumeStep)
        if envelope.event.reason == self._reason:  # others share the topic
            self._gate.resumed.set()
        return
        yield


class Halting(OpenGate):
    """Holds one step until it is resumed."""

    def __init__(self) -> None:
        self.resumed = asyncio.Event()

    @asynccontextmanager
    async def passing(self, step: str, record: Record) -> AsyncIterator[bool]:
        """See `Gate.passing`."""
        if step == "indexing":
            await self.resumed.wait()
        yield False


@pytest.mark.timeout(300)
async def test_a_halted_step_can_be_resumed_whatever_waits_for_it(kafka_bootstrap: str, unique: str) -> None:
    """A backlog that has filled its window in every partition holds up no command to resume it."""
    await create_topics(kafka_bootstrap)
    await begin_at_the_end(kafka_bootstrap, unique, ("indexing", "operating", "deciding"))
    wired = host_settings(Settings(_env_file=None, kafka_bootstrap=kafka_bootstrap))
    settings = HostSettings(
        kafka_bootstrap, group_prefix=unique, lanes=("normal",), window=64, session_timeout_s=SESSION_S,
        together=wired.together, move_retries=False, stop_grace_s=0.1,
    )  # fmt: skip
    gate, indexing, health = Halting(), ToyStep(unique), Health()

    def taken_in() -> int:
        parts = health.state()["parts"]
        assert isinstance(parts, dict)
        return sum(part["in_flight"].get("indexing", 0) for part in parts.values())

    async with KafkaPublisher(kafka_bootstrap) as publisher:

        @asynccontextmanager
        async def opened() -> AsyncIterator[Work]:
            steps = (indexing, Operating(gate, unique))
            yield Work(steps, publisher, LogCodec(MemoryKeyRing()), Ports(gate=gate))

        await asyncio.gather(*(publisher.send(job(unique)) for _ in range(BACKLOG)))
        running = asyncio.create_task(run_hosts(opened, settings, AlwaysOn(), health))
        try:
            async with asyncio.timeout(100):
                while taken_in() < settings.window:  # noqa: ASYNC110 - the broker is what is waited for
                    await asyncio.sleep(0.1)
            await asyncio.sleep(3)  # until what is read ahead has come to its rest
            assert not indexing.runs
            await publisher.send(encode(ResumeStep(step="indexing", reason=unique), said(), None))
            async with asyncio.timeout(60):
                await gate.resumed.wait()
                while len(indexing.runs) < BACKLOG:  # noqa: ASYNC110 - the broker is what is waited for
                    await asyncio.sleep(0.1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
