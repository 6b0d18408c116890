"""Lanes: order within a lane, none between, acknowledgement in order, bounded."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.schemas.record import Record
from muniment.stream_apps.hosting.lanes import SHARES, Lanes
from muniment.stream_apps.hosting.window import OVERHEAD_BYTES


def record(key: str, offset: int, partition: int = 0, size: int = 1) -> Record:
    return Record("t", key.encode(), b"x" * size, (), partition, offset)


def by_key(found: Record) -> bytes:
    return found.key


async def until_idle(lanes: Lanes) -> None:
    while lanes.in_flight:  # noqa: ASYNC110 - turns of the loop are what is waited for
        await asyncio.sleep(0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2), st.integers(0, 3)), max_size=40),
    st.integers(1, 5),
    st.integers(1, 50),
)
async def test_order_and_completeness(inputs: list[tuple[str, int, int]], concurrency: int, window: int) -> None:
    """Each lane is worked through in order, each partition is acknowledged in order, and nothing is left out."""
    worked: dict[bytes, list[int]] = defaultdict(list)
    acknowledged: dict[int, list[int]] = defaultdict(list)
    pauses: dict[int, int] = {}

    async def work(found: Record) -> None:
        assert found.offset is not None
        for _ in range(pauses[found.offset]):
            await asyncio.sleep(0)
        worked[found.key].append(found.offset)

    lanes = Lanes(work, by_key, concurrency=concurrency, window=window)
    entered: dict[bytes, list[int]] = defaultdict(list)
    by_partition: dict[int, list[int]] = defaultdict(list)
    for offset, (key, partition, pause) in enumerate(inputs):
        pauses[offset] = pause
        entered[key.encode()].append(offset)
        by_partition[partition].append(offset)
        await lanes.enter(record(key, offset, partition), lambda p=partition, o=offset: acknowledged[p].append(o))
        assert lanes.in_flight <= window
    await until_idle(lanes)
    assert worked == entered
    assert acknowledged == by_partition


async def test_a_slow_record_holds_back_only_acknowledgement() -> None:
    """Others are worked on while one is slow; they are acknowledged after it."""
    gate, worked, acknowledged = asyncio.Event(), [], []

    async def work(found: Record) -> None:
        if found.key == b"slow":
            await gate.wait()
        worked.append(found.offset)

    lanes = Lanes(work, by_key)
    for offset, key in enumerate(["slow", "b", "c", "d"]):
        await lanes.enter(record(key, offset), lambda o=offset: acknowledged.append(o))
    await lanes.pass_by(record("e", 4), lambda: acknowledged.append(4))
    await asyncio.sleep(0.01)
    assert (worked, acknowledged) == ([1, 2, 3], [])
    gate.set()
    await until_idle(lanes)
    assert acknowledged == [0, 1, 2, 3, 4]


async def test_the_window_holds_by_count_and_by_bytes() -> None:
    """Entering waits while the window is full, in records or in bytes."""
    gate = asyncio.Event()

    async def work(_: Record) -> None:
        await gate.wait()

    for lanes in (Lanes(work, by_key, window=2), Lanes(work, by_key, window_bytes=20)):
        gate.clear()
        await lanes.enter(record("a", 0, size=10), int)
        await lanes.enter(record("b", 1, size=10), int)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lanes.enter(record("c", 2), int), 0.02)
        gate.set()
        await until_idle(lanes)


async def test_abandoning_acknowledges_nothing_unsettled() -> None:
    """What runs may end in its grace and is acknowledged; the rest is dropped, and so is what waits at the door."""
    gate, worked, acknowledged = asyncio.Event(), [], []

    async def work(found: Record) -> None:
        if found.key == b"stuck":
            await asyncio.sleep(3600)
        await gate.wait()
        worked.append(found.offset)

    lanes = Lanes(work, by_key, window=4)
    for offset, key in enumerate(["a", "stuck", "a", "b"]):
        await lanes.enter(record(key, offset), lambda o=offset: acknowledged.append(o))
    at_the_door = asyncio.create_task(lanes.enter(record("c", 4), lambda: acknowledged.append(4)))
    await asyncio.sleep(0.01)
    leaving = asyncio.create_task(lanes.abandon(0.05))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(leaving, at_the_door)
    assert worked == [0, 3]
    assert acknowledged == [0]
    assert lanes.in_flight == 0
    await lanes.enter(record("a", 1), lambda: acknowledged.append(1))
    await until_idle(lanes)
    assert acknowledged == [0, 1]


async def test_a_defect_of_the_wrapper_is_a_crash() -> None:
    """Work that raises is never acknowledged, and the lanes say so."""
    acknowledged: list[int] = []

    async def work(_: Record) -> None:
        raise RuntimeError("defect")

    lanes = Lanes(work, by_key)
    await lanes.enter(record("a", 0), lambda: acknowledged.append(0))
    with pytest.raises(RuntimeError, match="defect"):
        await asyncio.wait_for(lanes.crashed, 60)
    assert acknowledged == []


async def test_a_partition_is_held_before_the_window_is_full() -> None:
    """Its reader is told when it has filled its share, and told to go on when half of that is free again."""
    gates = {key: asyncio.Event() for key in "ab"}
    told: list[tuple[str, int | None]] = []

    async def work(found: Record) -> None:
        await gates[found.key.decode()].wait()

    lanes = Lanes(
        work,
        by_key,
        window=4 * SHARES,
        hold=lambda place: told.append(("hold", place[1])),
        go_on=lambda place: told.append(("go on", place[1])),
    )
    for offset in range(6):
        await lanes.enter(record("a", offset), int)
    await lanes.enter(record("b", 0, partition=1), int)
    assert told == [("hold", 0)]
    gates["b"].set()
    await asyncio.sleep(0.01)
    assert told == [("hold", 0)], "one partition's progress lets another go on"
    gates["a"].set()
    await until_idle(lanes)
    assert told == [("hold", 0), ("go on", 0)]


async def test_records_that_pass_by_take_no_room_but_their_bytes() -> None:
    """Thousands of another lane's may stand behind a slow record; what they weigh is bounded all the same."""
    gate, acknowledged = asyncio.Event(), []

    async def work(_: Record) -> None:
        await gate.wait()

    lanes = Lanes(work, by_key, window=4, window_bytes=3000 * (OVERHEAD_BYTES + 1))
    await lanes.enter(record("slow", 0), lambda: acknowledged.append(0))
    for offset in range(1, 3000):
        await lanes.pass_by(record("other", offset), lambda o=offset: acknowledged.append(o))
    assert (lanes.in_flight, acknowledged) == (1, [])
    at_the_door = asyncio.create_task(lanes.pass_by(record("x", 3000, size=9999), lambda: acknowledged.append(3000)))
    await asyncio.sleep(0.01)
    assert at_the_door.done()
    beyond = asyncio.create_task(lanes.pass_by(record("x", 3001), lambda: acknowledged.append(3001)))
    await asyncio.sleep(0.01)
    assert not beyond.done()
    gate.set()
    await beyond
    assert acknowledged == list(range(3002))
