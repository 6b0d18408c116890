"""Two lanes to one model: a short query never waits behind a batch.

Each lane has threads of its own, so a query shares the cores with a running sub-batch instead of queueing for it.
Inside a lane the requests take turns, a sub-batch each, so a request of 2,048 inputs does not hold up one of 8.
One core to a sub-batch and several sub-batches side by side: measured here, that is up to twice as fast as several
cores to one sub-batch, and it does not collapse when the cores are busy with something else.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from muniment.infra.embedding_server.model import sub_batches

QUERY_INPUTS = 1
QUERY_TOKENS = 128
"""A request of at most this many inputs and tokens takes the query lane."""
MAX_WAITING = 16_384
"""Inputs that may wait in a lane before new requests are turned away."""


class LaneFull(Exception):
    """Too much waits already: come back later."""


class Runner(Protocol):
    """What a lane needs of the model."""

    def run(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors of one sub-batch of token ids."""
        ...


@dataclass(eq=False)
class _Job:
    inputs: Sequence[Sequence[int]]
    runs: deque[list[int]]
    found: dict[int, NDArray[np.float32]]
    done: "asyncio.Future[NDArray[np.float32]]"
    loop: asyncio.AbstractEventLoop
    under_way: int = 0


class Lane:
    """A few threads that work through jobs in turns of a sub-batch."""

    def __init__(self, model: Runner, name: str, *, workers: int) -> None:
        self._model = model
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.waiting = 0
        """Inputs not yet embedded."""
        self._threads = [
            threading.Thread(target=self._work, name=f"embedding-{name}-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    async def embed(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors in the order of `inputs`; raises `LaneFull`. A cancelled caller's remaining work is dropped."""
        loop = asyncio.get_running_loop()
        job = _Job(inputs, deque(sub_batches([len(tokens) for tokens in inputs])), {}, loop.create_future(), loop)
        with self._changed:
            if self.waiting + len(inputs) > MAX_WAITING:
                raise LaneFull
            self.waiting += len(inputs)
            self._jobs.append(job)
            self._changed.notify(len(job.runs))
        return await job.done

    def close(self) -> None:
        """Let the running sub-batches finish and end the threads; waiting callers are cancelled."""
        with self._changed:
            self._closed = True
            for job in self._jobs:
                job.loop.call_soon_threadsafe(job.done.cancel)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                job = self._jobs.popleft()
                if job.done.cancelled():
                    self._drop(job)
                    continue
                run = job.runs.popleft()
                job.under_way += 1
                if job.runs:
                    self._jobs.append(job)
            error = self._run(job, run)
            with self._changed:
                self.waiting -= len(run)
                job.under_way -= 1
                if error is not None:
                    self._drop(job)
                elif job.runs or job.under_way:
                    continue
            _answer(job, error)

    def _drop(self, job: _Job) -> None:
        """Forget what is left to do of a job that is cancelled or has failed."""
        self.waiting -= sum(map(len, job.runs))
        job.runs.clear()
        if job in self._jobs:
            self._jobs.remove(job)

    def _run(self, job: _Job, run: list[int]) -> Exception | None:
        try:
            vectors = self._model.run([job.inputs[index] for index in run])
        except Exception as error:  # noqa: BLE001 - the caller gets it; the lane must live on for the others
            return error
        job.found.update(zip(run, vectors, strict=True))
        return None


def _answer(job: _Job, error: Exception | None) -> None:
    def settle() -> None:
        if job.done.done():
            return
        if error is not None:
            job.done.set_exception(error)
        elif len(job.found) == len(job.inputs):
            job.done.set_result(np.stack([job.found[index] for index in range(len(job.inputs))]))

    try:
        job.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # The caller's event loop is gone: nobody waits for the answer.


class Lanes:
    """The query lane and the batch lane of one model."""

    def __init__(self, model: Runner, *, workers: int) -> None:
        """`workers`: sub-batches of the batch lane at once; the query lane has one thread more."""
        self.query = Lane(model, "query", workers=1)
        self.batch = Lane(model, "batch", workers=workers)

    async def embed(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors in the order of `inputs`, by the lane that fits their size; raises `LaneFull`."""
        small = len(inputs) <= QUERY_INPUTS and sum(map(len, inputs)) <= QUERY_TOKENS
        return await (self.query if small else self.batch).embed(inputs)

    def close(self) -> None:
        """End all threads."""
        self.query.close()
        self.batch.close()
