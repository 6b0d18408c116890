"""What does not hold up new work: ten thousand records that wait for their retry, and a worker that is killed.

The backlog waits in the slowest tier while the same texts are taken in as new documents, without it, with it twice,
and without it again. For the takeover a second worker runs beside the stack's own; it is killed in the middle of work.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic, time
from uuid import uuid4

from muniment.infra.bench import memory
from muniment.infra.bench.figures import Figure
from muniment.infra.bench.ours import Ours
from muniment.infra.bench.sample import waiting
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.infra.stack import scratch
from muniment.infra.stack.ports import any_free
from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.topics import RETRY_DELAYS_S, RETRY_TIERS

RECORDS = 10_000
DOCUMENTS_AT_MOST = 400
STEP = "deciding"
"""It takes note of an indexed document in one statement, when at last the records are due."""
SLOWEST = len(RETRY_TIERS) - 1
DRAINED_S = 40.0
SETTLED_S = 3.0
JOINED_S = 12.0
AT_ONCE = 500
KILLED_AT = 0.25
KEPT_SPEED, TAKEOVER_S = 0.9, 20.0


async def measured(
    stack: Ours, settings: Settings, home: Path, environment: Mapping[str, str], files: Sequence[Path]
) -> list[Figure]:
    """The speed kept beside the backlog, what it costs the workers in memory, and what a takeover costs."""
    some = files[:DOCUMENTS_AT_MOST]
    quiet = [await _rate(stack, some)]
    before = memory.resident(home)["workers"]
    due = time() + RETRY_DELAYS_S[SLOWEST]
    await _fill(settings)
    await asyncio.sleep(SETTLED_S)
    beside = [await _rate(stack, some), await _rate(stack, some)]
    late = time() > due
    after = memory.resident(home)["workers"]
    await asyncio.sleep(max(0.0, due + DRAINED_S - time()))
    quiet.append(await _rate(stack, some))
    kept = sum(beside) / sum(quiet)
    note = f"{len(some)} documents; {_rates(quiet)} without, {_rates(beside)} with {RECORDS:,} records waiting"
    if late:
        note += "; some were due before the end"
    return [
        Figure("speed beside a retry backlog / without", kept, "", KEPT_SPEED, at_least=True, note=note),
        Figure("memory of workers for the backlog", max(0.0, after - before), "MiB"),
        await _takeover(stack, home, environment, some),
    ]


async def _rate(stack: Ours, files: Sequence[Path]) -> float:
    """Documents a second, from the first upload until the last is searchable."""
    return len(files) / await stack.take({uuid4(): file for file in files})


def _rates(found: Sequence[float]) -> str:
    return " and ".join(f"{rate:.1f}" for rate in found) + " documents/s"


async def _fill(settings: Settings) -> None:
    """Put the backlog where a failed step would have put it, all due at about the same moment."""
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    async with KafkaPublisher(brokers, client_id="muniment-bench") as publisher:
        for start in range(0, RECORDS, AT_ONCE):
            await asyncio.gather(
                *[publisher.send(waiting("bench-backlog", STEP, SLOWEST, n)) for n in range(start, start + AT_ONCE)]
            )


async def _takeover(stack: Ours, home: Path, environment: Mapping[str, str], files: Sequence[Path]) -> Figure:
    """What the end of one of two workers costs the documents that are on their way."""
    usual = len(files) / await _rate(stack, files)
    async with _second_worker(home, environment) as worker:
        await asyncio.sleep(JOINED_S)
        taking = asyncio.create_task(stack.take({uuid4(): file for file in files}))
        await asyncio.sleep(usual * KILLED_AT)
        worker.kill()
        killed = monotonic()
        await taking
        seconds = monotonic() - killed
    lost = seconds - usual * (1 - KILLED_AT)
    note = (
        f"one of two killed {KILLED_AT:.0%} into {len(files)} documents: {seconds:.1f} s for the rest of {usual:.1f} s"
    )
    return Figure("takeover after kill -9 of a worker", lost, "s", TAKEOVER_S, note=note)


@asynccontextmanager
async def _second_worker(home: Path, environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    given = scratch.environment(home, **environment, MUNIMENT_WORKERS_PORT=str(any_free()))
    with (home / "logs" / "second-worker.log").open("ab") as log:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "muniment.infra.cli.main", "run", "workers"),
            env=given,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        # The children that read documents for it are of its session.
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()
