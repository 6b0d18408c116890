"""The times that are promised to people: a cancelled job stops, a flag is heard, a retry is not late, a part stops.

Each is the worst of several tries on a stack that works on an import meanwhile, but for the retries: those are many.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psutil
from aiokafka import AIOKafkaConsumer

from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.floor_tables import TENANT
from muniment.infra.bench.ours import Ours
from muniment.infra.bench.sample import waiting
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.infra.stack import record
from muniment.infra.stack.control import Control
from muniment.infra.stack.parts import OWN
from muniment.infra.stack.supervisord import Places
from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.retrying.mover import IDLE_POLL_MS
from muniment.stream_apps.retrying.policy import Limits

SEEN_S, ROLLED_BACK_S, HEARD_S, STOPPED_S = 5.0, 60.0, 2.0, 30.0
TRIES = 5
RETRIES, AT_ONCE, EVERY_S = 400, 8, 0.05
SETTLED_S = 10.0
"""Between two turns of the flag: a command is decided by a step, and all steps change process."""
TIER, STEP = 1, "deciding"
"""It takes note of an indexed document in one statement: what is measured is the way back to it."""
LONG_CHARACTERS = 6_000_000
PARAGRAPH = 1_500
LOOK_EVERY_S = 0.01
PATIENCE_S = 180.0
_FEW_LEFT = """select count(*) < 100 from read.jobs where lane = 'bulk' and "end" is null"""
_TURN = asyncio.Lock()
_PLACES = ("read.chunk_texts", "read.chunk_vectors", "muniment_claims.claims", "muniment_indexing.batches")


async def measured(stack: Ours, settings: Settings, home: Path, files: Sequence[Path], folder: Path) -> list[Figure]:
    """All of them."""
    alone = _beyond(await _late(settings))
    importing = asyncio.create_task(_import(stack, files))
    try:
        cancelled = [await _cancelled(stack, _long(files, folder, number)) for number in range(TRIES)]
        heard = [await _heard(stack, home, on=on) for on in (False, True) * (TRIES // 2)]
        late = await _late(settings)
        stopped = {name: await _stopped(home, name) for name in OWN}
    finally:
        importing.cancel()
    said = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stopped.items())
    each = "off and on, twice: " + ", ".join(f"{seconds:.1f} s" for seconds in heard)
    note = f"worst of {TRIES}, in the middle of {LONG_CHARACTERS:,} characters, beside an import"
    return [
        Figure("cancel: from POST to a cancelled job", max(seen for seen, _ in cancelled), "s", SEEN_S, note=note),
        Figure("cancel: until nothing is left", max(gone for _, gone in cancelled), "s", ROLLED_BACK_S),
        Figure("flag: from PUT until the workers have heard", max(heard), "s", HEARD_S, note=each),
        Figure("retries: earliest after it was due", min(late), "ms", 0, at_least=True),
        Figure("retries: p99 after it was due, beyond jitter", alone, "ms", IDLE_POLL_MS, note=f"{RETRIES}, one poll"),
        Figure("retries: the same beside an import", _beyond(late), "ms"),
        Figure("stop of a process at work, worst", max(stopped.values()), "s", STOPPED_S, note=said),
    ]


def _beyond(late: Sequence[float]) -> float:
    limits = Limits()
    return percentile(late, 0.99) - 1000 * min(limits.delays_s[TIER] * limits.jitter, limits.jitter_cap_s)


async def _import(stack: Ours, files: Sequence[Path]) -> None:
    while True:
        await stack.submit({uuid4(): file for file in files}, "bulk")
        await _until(lambda: _asked(stack, _FEW_LEFT))


def _long(files: Sequence[Path], folder: Path, number: int) -> Path:
    """A document of many batches, no text of which is known."""
    words = " ".join(file.read_text("utf-8") for file in files[:40])
    starts = range(0, LONG_CHARACTERS, PARAGRAPH)
    marked = [f"Part {number}.{start}.\n{words[start % len(words) :][:PARAGRAPH]}\n\n" for start in starts]
    file = folder / f"long-{number}.txt"
    file.write_text("".join(marked), "utf-8")
    return file


async def _cancelled(stack: Ours, file: Path) -> tuple[float, float]:
    """Seconds from asking until the job shows that it is, and until no row of it and no claim on its bytes is left."""
    document_id = uuid4()
    done = await stack.api.upload(file, file.name, {"document_id": str(document_id)})
    begun = "select exists (select from read.chunk_vectors where tenant = $1 and document_id = $2)"
    await _until(lambda: _asked(stack, begun, TENANT, document_id))
    began = monotonic()
    await stack.api.post(f"/v1/jobs/{done['job_id']}/cancel", {"reason": "a measurement"})
    state = "select state = 'cancelled' from read.jobs where job_id = $1"
    await _until(lambda: _asked(stack, state, UUID(done["job_id"])))
    seen = monotonic() - began
    mine = "where tenant = $1 and document_id = $2"
    left = " + ".join(f"(select count(*) from {place} {mine})" for place in _PLACES)  # noqa: S608 - names of this code's own
    await _until(lambda: _asked(stack, f"select {left} = 0", TENANT, document_id))
    return seen, monotonic() - began


async def _heard(stack: Ours, home: Path, *, on: bool) -> float:
    """Seconds until the workers know that they are, or are not, to work."""
    running = record.read(home)
    assert running is not None
    async with httpx2.AsyncClient(base_url=running.addresses["workers"], trust_env=False) as workers:

        async def standing_by() -> bool:
            return bool((await workers.get("/health")).json()["standing_by"]) is not on

        began = monotonic()
        await stack.api.order("PUT", "/v1/flags/durable_worker", {"value": on, "reason": "a measurement"})
        await _until(standing_by)
        took = monotonic() - began
    await asyncio.sleep(SETTLED_S)
    return took


async def _late(settings: Settings) -> list[float]:
    """Milliseconds between the moment that each record was due and its being written for its step."""
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    tenant, found = f"bench-{uuid4().hex[:8]}".encode(), list[float]()
    back = AIOKafkaConsumer(REDELIVERY[STEP].name, bootstrap_servers=brokers, auto_offset_reset="latest")
    await back.start()
    try:
        await back.seek_to_end()
        async with KafkaPublisher(brokers, client_id="muniment-bench") as publisher:
            for start in range(0, RETRIES, AT_ONCE):
                few = [waiting(tenant.decode(), STEP, TIER, number) for number in range(start, start + AT_ONCE)]
                await asyncio.gather(*map(publisher.send, few))
                await asyncio.sleep(EVERY_S)
        async with asyncio.timeout(PATIENCE_S):
            async for message in back:
                headers = tuple(message.headers)
                if ("tenant", tenant) in headers:
                    state = retry_state(Record(message.topic, message.key, message.value, headers))
                    assert state is not None
                    found.append(message.timestamp - state.due_ms)
                if len(found) == RETRIES:
                    return found
    finally:
        await back.stop()
    raise AssertionError("a consumer that is not stopped goes on")


async def _stopped(home: Path, name: str) -> float:
    """Seconds from SIGTERM until the process has ended; returns when the supervisor has the next one at work."""
    control = Control(Places(home).socket)
    [pid] = [state.pid for state in control.states() if state.name == name]
    process, began = psutil.Process(pid), monotonic()
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(process.wait, PATIENCE_S)
    took = monotonic() - began
    running = record.read(home)
    assert running is not None
    async with httpx2.AsyncClient(base_url=running.addresses[name], trust_env=False) as part:

        async def well() -> bool:
            try:
                return (await part.get("/health")).status_code == httpx2.codes.OK
            except httpx2.TransportError:
                return False

        await _until(well)
    return took


async def _asked(stack: Ours, query: str, *about: Any) -> Any:
    """What the read models say. The import looks there, too, on the same connection."""
    async with _TURN:
        return await stack.database.fetchval(query, *about)


async def _until(look: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await look():  # noqa: ASYNC110 - in other processes
            await asyncio.sleep(LOOK_EVERY_S)
