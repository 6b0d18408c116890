"""The mover on the real broker: never early, hardly late, through rebalances and kills."""

import asyncio
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from aiokafka import AIOKafkaConsumer
from support.topics import begin_at_the_end, create_topics

from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.metrics import RETRY_LATENESS
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_DELAYS_S, RETRY_TIERS
from muniment.stream_apps.retrying.carrier import MAX_WAITING, Carrier
from muniment.stream_apps.retrying.mover import MAX_POLL_RECORDS, Mover
from muniment.stream_apps.retrying.policy import Limits, jitter_s

STEPS = ("chunking", "purging")
TOPIC = [tier.name for tier in RETRY_TIERS]
PRECISE = Limits(jitter=0.0)
HANGS_MS = 60_000
"""Nobody is late by so much on a machine that is merely busy. How late they are is printed; a histogram shows it."""
SESSION_S = 45.0
"""A process that stands still for some seconds keeps its partitions: only then is nothing moved twice."""
WORKER = Path(__file__).parents[2] / "support" / "toy_worker.py"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def failed(tenant: str, tier: int, *, step: str = STEPS[0], wait_s: float | None = None, size: int = 10) -> Record:
    """A record as the wrapper leaves it in a tier."""
    due_ms = now_ms() + round((RETRY_DELAYS_S[tier] if wait_s is None else wait_s) * 1000)
    state = RetryState(step, 1, 0, now_ms(), due_ms, Position("t", 0, 0), ErrorCode.UNEXPECTED, "ValueError")
    record = Record(RETRY_TIERS[tier].name, str(uuid4()).encode(), b"x" * size, (("tenant", tenant.encode()),))
    return record.with_headers(state.to_headers())


class Redelivered:
    """What came back, with the broker's times: (due, came) by key."""

    def __init__(self) -> None:
        self.came: dict[bytes, list[int]] = defaultdict(list)
        self.due: dict[bytes, int] = {}
        self.where: Counter[str] = Counter()

    @property
    def late_ms(self) -> list[int]:
        return sorted(times[0] - self.due[key] for key, times in self.came.items())

    async def collect(self, reader: Any, tenant: str) -> None:
        async for message in reader:
            headers = dict(message.headers)
            if headers.get("tenant") == tenant.encode():
                self.came[message.key].append(message.timestamp)
                self.due[message.key] = int(headers["retry_due_ms"])
                self.where[message.topic] += 1

    async def wait_for(self, count: int, within_s: float = 100) -> None:
        async with asyncio.timeout(within_s):
            while len(self.came) < count:  # noqa: ASYNC110 - the broker is what is waited for
                await asyncio.sleep(0.02)


@pytest.fixture
async def back(kafka_bootstrap: str, unique: str) -> AsyncIterator[Redelivered]:
    """A reader of the redelivery topics and of the dead letters."""
    await create_topics(kafka_bootstrap)
    await begin_at_the_end(kafka_bootstrap, unique, ())
    topics = [DLQ.name, *(REDELIVERY[step].name for step in STEPS)]
    reader = AIOKafkaConsumer(*topics, bootstrap_servers=kafka_bootstrap, auto_offset_reset="latest")
    await reader.start()
    await reader.seek_to_end()
    found = Redelivered()
    task = asyncio.create_task(found.collect(reader, unique))
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await reader.stop()


@pytest.fixture
async def publisher(kafka_bootstrap: str) -> AsyncIterator[KafkaPublisher]:
    async with KafkaPublisher(kafka_bootstrap) as opened:
        yield opened


async def stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def mover(bootstrap: str, publisher: KafkaPublisher, tenant: str, limits: Limits = PRECISE) -> Mover:
    return Mover(bootstrap, publisher, group=f"{tenant}.retrying", limits=limits, session_timeout_s=SESSION_S)


async def begun(one: Mover) -> "asyncio.Task[None]":
    """Run a mover; returns once it has partitions."""
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(90):
        while not one.state()["partitions"]:
            assert not running.done()
            await asyncio.sleep(0.02)
    return running


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until this is set, nothing that waits in the third tier is due, however slow the machine is."""
    now_due, until = asyncio.Event(), Carrier._until

    async def held(self: Carrier, moment_ms: int) -> None:
        if self._tier == 2:
            await now_due.wait()
        await until(self, moment_ms)

    monkeypatch.setattr(Carrier, "_until", held)
    return now_due


async def until_paused(one: Mover) -> None:
    """Wait until it holds as much of a partition as it may."""
    async with asyncio.timeout(90):
        while not one._paused:  # noqa: ASYNC110 - the mover is what is waited for
            await asyncio.sleep(0.05)


async def test_never_early_and_hardly_late(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """Records of two tiers come back to their own step's topic after they are due, and soon after."""
    running = await begun(mover(kafka_bootstrap, publisher, unique))
    for i in range(200):
        await publisher.send(failed(unique, i % 2, step=STEPS[i % 2]))
        await asyncio.sleep(0.01)
    await back.wait_for(200)
    await stop(running)
    late = back.late_ms
    assert late[0] >= 0
    assert back.where == {REDELIVERY["chunking"].name: 100, REDELIVERY["purging"].name: 100}
    print(f"lateness ms: p50 {late[100]} p99 {late[197]} max {late[-1]}")  # noqa: T201 - shown with -s
    assert late[197] < HANGS_MS


async def test_jitter_spreads_and_is_never_early(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """With jitter a burst comes back spread over it, none before it is due."""
    # Over three seconds: a process may stand still for one or two.
    running = await begun(mover(kafka_bootstrap, publisher, unique, Limits(jitter=3.0, jitter_cap_s=3.0)))
    await asyncio.gather(*(publisher.send(failed(unique, 0)) for _ in range(100)))
    await back.wait_for(100)
    await stop(running)
    assert back.late_ms[0] >= 0
    assert back.late_ms[-1] - back.late_ms[0] > 250


async def test_a_long_wait_goes_round_and_holds_up_nobody(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """A record due after six times its tier comes back then; those behind it in the tier at their own time."""
    running = await begun(mover(kafka_bootstrap, publisher, unique))
    long = await asyncio.gather(*(publisher.send(failed(unique, 0, wait_s=6.3)) for _ in range(4)))
    short = await asyncio.gather(*(publisher.send(failed(unique, 0)) for _ in range(20)))
    await back.wait_for(24)
    await stop(running)
    assert back.late_ms[0] >= 0
    came = {record.key: back.came[record.key][0] for record in (*long, *short)}
    assert max(came[r.key] for r in short) < min(came[r.key] for r in long)


async def test_unreadable_retry_headers_are_buried(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """A record that does not say which step it failed at becomes a dead letter and blocks nothing."""
    running = await begun(mover(kafka_bootstrap, publisher, unique))
    lost = Record(RETRY_TIERS[0].name, str(uuid4()).encode(), b"v", (("tenant", unique.encode()),))
    nobody = failed(unique, 0, step="nobody")
    for record in (lost, nobody, failed(unique, 0)):
        await publisher.send(record)
    await back.wait_for(3)
    await stop(running)
    assert back.where == {DLQ.name: 2, REDELIVERY["chunking"].name: 1}


@pytest.mark.timeout(300)
async def test_a_rebalance_in_the_middle_of_a_wait(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """A second mover comes and goes while records wait: none lost, none early, none twice."""
    first = await begun(mover(kafka_bootstrap, publisher, unique))
    for _ in range(100):
        await publisher.send(failed(unique, 1))
        await asyncio.sleep(0.02)
    second = await begun(mover(kafka_bootstrap, publisher, unique))
    await asyncio.sleep(1)
    await stop(second)
    await back.wait_for(100)
    await stop(first)
    assert back.late_ms[0] >= 0
    assert sum(map(len, back.came.values())) == 100


@pytest.mark.timeout(300)
async def test_a_killed_mover_loses_nothing(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """`kill -9` in the middle of a wait: the next mover takes over, nothing is lost or early."""

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(sys.executable, str(WORKER), kafka_bootstrap, unique, "mover")

    process = await start()
    try:
        for i in range(150):
            await publisher.send(failed(unique, i % 2))
            await asyncio.sleep(0.02)
        process.kill()
        await process.wait()
        process = await start()
        await back.wait_for(150)
    finally:
        process.kill()
        await process.wait()
    doubles = sum(map(len, back.came.values())) - 150
    print(f"doubles {doubles}")  # noqa: T201 - shown with -s
    assert back.late_ms[0] >= 0


async def test_lateness_is_jitter_and_a_poll(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher
) -> None:
    """With the usual jitter nothing is early, and `/metrics` says how late it is: jitter and one poll, where quiet."""
    limits = Limits()
    before = [measured(tier) for tier in (0, 1)]
    running = await begun(mover(kafka_bootstrap, publisher, unique, limits))
    tiers: dict[bytes, int] = {}
    for i in range(300):
        tiers[(await publisher.send(failed(unique, i % 2))).key] = i % 2
        await asyncio.sleep(0.01)
    await back.wait_for(300)
    await stop(running)
    for tier in (0, 1):
        late = sorted(times[0] - back.due[key] for key, times in back.came.items() if tiers[key] == tier)
        jitter_ms = jitter_s(tier, 1.0, limits) * 1000
        print(f"tier {tier}: jitter up to {jitter_ms}, late p50 {late[75]} p99 {late[148]} ms")  # noqa: T201
        assert late[0] >= 0
        assert late[148] < HANGS_MS
        count, seconds = measured(tier)
        assert count - before[tier][0] >= 150
        assert seconds >= before[tier][1]


def measured(tier: int) -> tuple[float, float]:
    """Count and sum of the histogram of a tier's lateness."""
    samples = {s.name: s.value for m in RETRY_LATENESS.collect() for s in m.samples if TOPIC[tier] in s.labels.values()}
    name = "worker_retry_lateness_seconds"
    return samples.get(f"{name}_count", 0.0), samples.get(f"{name}_sum", 0.0)


@pytest.mark.timeout(300)
async def test_a_rebalance_while_partitions_are_paused(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher, due: asyncio.Event
) -> None:
    """With more waiting than a mover holds, its paused partitions go to another and come back: all come, none early."""
    count = 4 * MAX_WAITING + 2000
    first = mover(kafka_bootstrap, publisher, unique)
    running = asyncio.create_task(first.run())
    for _ in range(6):
        await asyncio.gather(*(publisher.send(failed(unique, 2, wait_s=1)) for _ in range(count // 6)))
    await until_paused(first)
    await stop(await begun(mover(kafka_bootstrap, publisher, unique)))
    assert not back.came
    due.set()
    await back.wait_for(count)
    await stop(running)
    assert back.late_ms[0] >= 0
    assert sum(map(len, back.came.values())) == count


@pytest.mark.timeout(300)
async def test_ten_thousand_waiting_do_not_grow_memory(
    kafka_bootstrap: str, unique: str, back: Redelivered, publisher: KafkaPublisher, due: asyncio.Event
) -> None:
    """However many wait, a mover holds a bounded number, and new ones go their way beside them; all come back."""
    count = 10_000
    moving = mover(kafka_bootstrap, publisher, unique)
    for _ in range(10):
        await asyncio.gather(*(publisher.send(failed(unique, 2, size=500, wait_s=1)) for _ in range(count // 10)))
    before = psutil.Process().memory_info().rss
    running = asyncio.create_task(moving.run())
    await until_paused(moving)
    beside = [await publisher.send(failed(unique, 0)) for _ in range(100)]
    await back.wait_for(len(beside))
    assert set(back.came) == {record.key for record in beside}
    most = 0
    while len(back.came) < count + len(beside):
        waiting = moving.state()["in_flight"]
        assert isinstance(waiting, dict)
        most = max(most, waiting["retrying"])
        assert not running.done()
        due.set()
        await asyncio.sleep(0.1)
    peak = psutil.Process().memory_info().rss - before
    await stop(running)
    fresh = sorted(back.came[record.key][0] - back.due[record.key] for record in beside)
    print(f"beside 10,000 waiting: late p50 {fresh[50]} p99 {fresh[98]} max {fresh[99]} ms")  # noqa: T201
    assert fresh[0] >= 0
    assert fresh[98] < HANGS_MS
    late = back.late_ms
    print(f"held {most}, peak {peak >> 20} MiB, late p50 {late[count // 2]} p99 {late[count * 99 // 100]}")  # noqa: T201
    assert late[0] >= 0
    # Four partitions of them, at most one poll over their limit each.
    assert most <= 4 * (MAX_WAITING + MAX_POLL_RECORDS)
    assert peak < 128 * 1024 * 1024
