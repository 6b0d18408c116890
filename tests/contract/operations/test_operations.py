"""One suite for whoever knows how Muniment is run: in memory, and at the tail of a real log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.operations import MemoryOperations, said

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.operations.operations import FoldedOperations
from muniment.producers.operations.state import OperationsState
from muniment.producers.operations.tail import OperationsTail
from muniment.schemas.codec import encode
from muniment.schemas.event import Event
from muniment.schemas.operations import (
    BreakerClosed,
    BreakerOpened,
    FlagChanged,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)

Say = Callable[[Event], Awaitable[None]]
Subject = tuple[FoldedOperations, Say]
OFF = FlagChanged(flag="durable_worker", value=False, reason="a drill")
ON = FlagChanged(flag="durable_worker", value=True, reason="over")
HALTED = StepHalted(step="embedding", reason="too many dead letters", code="unexpected", dead=9, settled=10)


@pytest.fixture(params=["memory", "kafka"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """The one under test, and how something is said to it."""
    if request.param == "memory":
        memory = MemoryOperations()
        yield memory, memory.say
        return
    bootstrap, topic = request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("unique")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with KafkaPublisher(bootstrap) as publisher, OperationsTail(bootstrap, topic=topic, patience_s=60) as tail:

        async def say(event: Event) -> None:
            await publisher.send(encode(event, said(), None).to(topic))

        yield tail, say


async def until(tail: FoldedOperations, holds: Callable[[], bool]) -> None:
    """Look again at every change."""
    async with asyncio.timeout(60):
        while not holds():
            seen = tail.version
            if not holds():
                await tail.changed(seen)


async def test_defaults_hold_until_somebody_says_otherwise(subject: Subject) -> None:
    """Caught up with an empty log: every flag has its default, nothing is halted, no breaker is open."""
    tail, _ = subject
    assert tail.caught_up.is_set()
    assert tail.state == OperationsState()
    assert (tail.flag("durable_worker"), tail.flag("outbox")) == (True, False)
    assert tail.halted("embedding") is None
    assert tail.breaker("embedding") is None
    with pytest.raises(KeyError):
        tail.flag("no_such_flag")


async def test_what_is_said_holds_for_everybody(subject: Subject) -> None:
    """Flags, halts, breakers and redrives come and go with their events, and say who and why."""
    tail, say = subject
    redrive_id = uuid4()
    await say(OFF)
    await say(HALTED)
    await say(BreakerOpened(breaker="embedding", failures=5, retry_after_s=30, code="provider_unavailable"))
    await say(RedriveStarted(redrive_id=redrive_id, letters=("a:0:1",), selection={}, rate=1, canary=0, reason="x"))
    await until(tail, lambda: redrive_id in tail.state.redrives)
    assert tail.flag("durable_worker") is False
    assert (tail.state.flags["durable_worker"].actor, tail.state.flags["durable_worker"].reason) == (
        "key:test",
        "a drill",
    )
    halt, opened = tail.halted("embedding"), tail.breaker("embedding")
    assert halt is not None
    assert (halt.dead, halt.settled) == (9, 10)
    assert opened is not None
    assert (opened.until - opened.at).total_seconds() == 30
    await say(StepResumed(step="embedding", by="command", reason="mended"))
    await say(BreakerClosed(breaker="embedding", by="probe", reason=""))
    await say(RedriveEnded(redrive_id=redrive_id, outcome="done", redriven=1, left=0, reason=""))
    await say(ON)
    await until(tail, lambda: tail.flag("durable_worker"))
    assert tail.state.halted == {}
    assert tail.state.breakers == {}
    assert tail.state.redrives == {}


async def test_a_waiter_misses_no_change(subject: Subject) -> None:
    """A change between looking and waiting ends the wait at once; what changes nothing wakes nobody."""
    tail, say = subject
    seen = tail.version
    await say(OFF)
    async with asyncio.timeout(60):
        seen = await tail.changed(seen)
    assert tail.flag("durable_worker") is False
    waiting = asyncio.create_task(tail.changed())
    await say(StepResumed(step="never_halted", by="command", reason=""))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await say(ON)
    async with asyncio.timeout(60):
        assert await waiting == seen + 1


async def test_listeners_hear_every_change_in_order(subject: Subject) -> None:
    """A listener that fails keeps nobody from hearing; one that has gone hears no more."""
    tail, say = subject
    heard: list[bool] = []

    def fails(_: OperationsState) -> None:
        raise ValueError

    tail.listen(fails)
    stop = tail.listen(lambda state: heard.append(state.flag("durable_worker")))
    for event in (OFF, ON, OFF):
        await say(event)
    await until(tail, lambda: len(heard) == 3)
    stop()
    await say(ON)
    await until(tail, lambda: tail.flag("durable_worker"))
    assert heard == [False, True, False]
