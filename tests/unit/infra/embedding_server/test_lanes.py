"""Lanes: a query passes a batch, requests take turns, and nobody's trouble is another's."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from muniment.infra.embedding_server.lanes import MAX_WAITING, LaneFull, Lanes


class GatedModel:
    """Runs that wait for a gate, unless they are short; vectors are the first token."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.started = threading.Event()
        self.runs: list[list[int]] = []

    def run(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        self.runs.append([tokens[0] for tokens in inputs])
        if len(inputs) > 1:
            self.started.set()
            assert self.gate.wait(90)
        if any(tokens[0] < 0 for tokens in inputs):
            raise ValueError("negative")
        return np.array([[tokens[0]] for tokens in inputs], np.float32)


@pytest.fixture
def model() -> GatedModel:
    return GatedModel()


@pytest.fixture
async def lanes(model: GatedModel) -> AsyncIterator[Lanes]:
    made = Lanes(model, workers=1)
    yield made
    model.gate.set()
    made.close()


def inputs(*firsts: int) -> list[list[int]]:
    return [[first, 0] for first in firsts]


async def test_a_query_never_waits_for_a_batch(lanes: Lanes, model: GatedModel) -> None:
    """While a batch is in the middle of a run, a query is answered."""
    batch = asyncio.create_task(lanes.embed(inputs(1, 2)))
    await asyncio.to_thread(model.started.wait, 90)
    assert (await asyncio.wait_for(lanes.embed(inputs(7)), 60)).tolist() == [[7]]
    assert not batch.done()
    model.gate.set()
    assert (await batch).tolist() == [[1], [2]]


async def test_vectors_come_back_in_order(lanes: Lanes, model: GatedModel) -> None:
    """Sorting by length inside does not show outside."""
    model.gate.set()
    mixed = [[first] * (1 + first % 5) for first in range(30)]
    found = await lanes.embed(mixed)
    assert found[:, 0].tolist() == list(range(30))


async def test_requests_take_turns(lanes: Lanes, model: GatedModel) -> None:
    """A small request that comes after a huge one is done after one more sub-batch, not after all of them."""
    huge = asyncio.create_task(lanes.embed(inputs(*range(80))))
    await asyncio.to_thread(model.started.wait, 90)
    small = asyncio.create_task(lanes.embed(inputs(100, 101)))
    await asyncio.sleep(0)
    model.gate.set()
    await asyncio.gather(small, huge)
    assert [100, 101] in model.runs[:3]


async def test_a_failing_request_fails_alone(lanes: Lanes, model: GatedModel) -> None:
    """The lane lives on after a run that raised."""
    model.gate.set()
    with pytest.raises(ValueError, match="negative"):
        await lanes.embed(inputs(-1, 2))
    assert (await lanes.embed(inputs(3, 4))).tolist() == [[3], [4]]
    assert lanes.batch.waiting == 0


async def test_a_cancelled_request_is_dropped(lanes: Lanes, model: GatedModel) -> None:
    """What nobody waits for is not computed, and does not count as waiting."""
    first = asyncio.create_task(lanes.embed(inputs(1, 2)))
    await asyncio.to_thread(model.started.wait, 90)
    gone = asyncio.create_task(lanes.embed(inputs(*range(50, 90))))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    model.gate.set()
    await first
    await lanes.embed(inputs(5, 6))
    assert all(run[0] < 50 for run in model.runs)
    assert lanes.batch.waiting == 0


async def test_a_full_lane_turns_away(lanes: Lanes, model: GatedModel) -> None:
    """Past its bound the lane refuses instead of growing."""
    waiting = asyncio.create_task(lanes.embed(inputs(*range(MAX_WAITING))))
    await asyncio.to_thread(model.started.wait, 90)
    with pytest.raises(LaneFull):
        await lanes.embed(inputs(*range(20)))
    waiting.cancel()


async def test_workers_share_a_request() -> None:
    """With several workers the sub-batches of one request run side by side, and the rows are still in order."""
    model = GatedModel()
    model.gate.set()
    together = threading.Barrier(3, timeout=90)
    plain = model.run

    def run(inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        together.wait()
        return plain(inputs)

    model.run = run  # type: ignore[method-assign]
    lanes = Lanes(model, workers=3)
    found = await lanes.embed(inputs(*range(24)))
    assert found[:, 0].tolist() == list(range(24))
    lanes.close()


async def test_a_failure_ends_a_shared_request_once() -> None:
    """However many workers are at it, a failed request is told once and its rest is dropped."""
    model = GatedModel()
    model.gate.set()
    lanes = Lanes(model, workers=3)
    for _ in range(20):
        with pytest.raises(ValueError, match="negative"):
            await lanes.embed(inputs(*(-1 if place % 9 == 0 else place for place in range(64))))
        assert (await lanes.embed(inputs(1, 2))).tolist() == [[1], [2]]
    lanes.close()
    assert lanes.batch.waiting == 0


async def test_closing_cancels_whoever_waits(model: GatedModel) -> None:
    """A closed server leaves no caller hanging."""
    lanes = Lanes(model, workers=1)
    running = asyncio.create_task(lanes.embed(inputs(1, 2)))
    await asyncio.to_thread(model.started.wait, 90)
    waiting = asyncio.create_task(lanes.embed(inputs(3, 4)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(lanes.close))
    await asyncio.sleep(0.05)
    model.gate.set()
    await closing
    results = await asyncio.gather(running, waiting, return_exceptions=True)
    assert isinstance(results[1], asyncio.CancelledError)
