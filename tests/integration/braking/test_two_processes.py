"""The brake on the real log: what one process halts the other holds, and a probe in one lets both go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.key_ring import MemoryKeyRing
from support.toy_step import Do, ToyStep, job

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.tail import OperationsTail
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.topics import OPERATIONS
from muniment.stream_apps.braking.brake import Brake
from muniment.stream_apps.braking.policy import BrakeLimits
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

LIMITS = BrakeLimits(run=5, probe_after_s=0.5)


class Own:
    """A publisher whose every record goes to topics of this test's own: nobody else's steps are to be halted by it."""

    def __init__(self, inner: KafkaPublisher, topic: str) -> None:
        self._inner = inner
        self._topic = topic
        self.said = 0

    async def send(self, record: Record) -> Record:
        self.said += record.topic == OPERATIONS.name
        return await self._inner.send(record.to(self._topic if record.topic == OPERATIONS.name else f"{self._topic}.x"))


class Breaking(ToyStep):
    """Fails for good while it is broken."""

    broken = True
    tries = 0

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        self.tries += 1
        if self.broken:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "broken")
        async for item in super().run(envelope):
            yield item


@pytest.fixture
async def topic(kafka_bootstrap: str, unique: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 1, 1), NewTopic(f"{unique}.x", 1, 1)])
    await admin.close()
    return unique


async def test_what_one_halts_the_other_holds(kafka_bootstrap: str, topic: str) -> None:
    """One process buries four and halts; the other tries nothing; a probe of either lets both end what they held."""
    async with AsyncExitStack() as stack:
        publisher = Own(await stack.enter_async_context(KafkaPublisher(kafka_bootstrap)), topic)
        codec = LogCodec(MemoryKeyRing())
        clock, settlers, brakes, steps = [0.0], [], [], [Breaking("acme"), Breaking("acme")]
        for _ in steps:
            tail = await stack.enter_async_context(OperationsTail(kafka_bootstrap, topic=topic))
            # Halted steps are not tried before the test lets time go on, however long it takes until then.
            now, monotonic = lambda: datetime.now(UTC), lambda: clock[0]
            brakes.append(Brake(tail, publisher, codec, now=now, limits=LIMITS, monotonic=monotonic))
            settlers.append(Settler(codec, publisher, ports=Ports(gate=brakes[-1])))

        def give(process: int, offset: int) -> "asyncio.Task[str]":
            record = replace(job("acme", do=Do.WORK), partition=0, offset=offset)
            return asyncio.create_task(settlers[process].settle(steps[process], record))

        buried = [await give(0, n) for n in range(LIMITS.run - 1)]
        assert buried == ["dead"] * (LIMITS.run - 1)
        held = [give(0, 10 + n) for n in range(3)]
        async with asyncio.timeout(60):
            while not brakes[1].holds("indexing"):  # noqa: ASYNC110 - the log is what is waited for
                await asyncio.sleep(0.02)
        held += [give(1, 20 + n) for n in range(3)]
        await asyncio.sleep(0.5)
        assert steps[1].tries == 0
        assert not any(task.done() for task in held)
        for step in steps:
            step.broken = False
        clock[0] += 60
        async with asyncio.timeout(60):
            assert await asyncio.gather(*held) == ["done"] * 6
        assert publisher.said <= 3  # halted once; resumed by the probe of one, or of both at the same moment
        assert not any(brake.holds("indexing") for brake in brakes)
