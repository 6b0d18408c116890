"""How this instance of the API accepts changes: onto the log or into the outbox, each request with a key once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from muniment.api.idempotency.postgres import PostgresIdempotency
from muniment.api.outbox.drain import Drain
from muniment.api.outbox.postgres import Outbox
from muniment.api.outbox.publisher import AcceptingPublisher
from muniment.infra.not_set import required
from muniment.infra.remembered import Remembered
from muniment.infra.settings import Settings
from muniment.producers.claims import Claims
from muniment.producers.command_log import CommandLog
from muniment.producers.operations.operations import Operations
from muniment.producers.orphans import Orphans
from muniment.producers.publisher import Publisher
from muniment.producers.stray_blobs import StrayBlobs
from muniment.schemas.errors import StepFailure

LOG = structlog.get_logger(__name__)
FLAG = "outbox"
KEYS_EVERY_S = 60.0
ORPHANS_EVERY_S = 600.0
STEPS_IN_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Accepting:
    """What the API publishes through, and what it remembers of requests."""

    publisher: AcceptingPublisher
    outbox: Outbox
    idempotency: PostgresIdempotency
    is_on: Callable[[], bool]


@asynccontextmanager
async def accepting(
    settings: Settings, pool: Any, log: Publisher, claims: Claims, operations: Operations
) -> AsyncIterator[Accepting]:
    """The parts, with what drains and sweeps in the background until the context is left."""
    bootstrap = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    looks = CommandLog(bootstrap)
    outbox = Outbox(pool)
    is_on = Remembered(pool, operations, FLAG)
    publisher = AcceptingPublisher(log, outbox, looks, is_on)
    idempotency = PostgresIdempotency(pool, keep_s=settings.idempotency_keep_s)
    # A look of its own: it may begin days back, and no request is to wait for that.
    orphans = Orphans(pool, claims, CommandLog(bootstrap), grace_s=settings.claims_grace_s)
    strays = StrayBlobs(pool, claims, grace_s=settings.claims_grace_s)
    tasks = [
        asyncio.create_task(Drain(outbox, log, looks, publisher, is_on).run(), name="outbox"),
        asyncio.create_task(_now_and_then(partial(_expired, idempotency), KEYS_EVERY_S), name="idempotency"),
        asyncio.create_task(_now_and_then(orphans.sweep, ORPHANS_EVERY_S), name="orphans"),
        asyncio.create_task(_now_and_then(strays.sweep, ORPHANS_EVERY_S), name="stray_blobs"),
    ]
    try:
        async with is_on.listening():
            yield Accepting(publisher, outbox, idempotency, is_on)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _expired(idempotency: PostgresIdempotency) -> None:
    for _ in range(STEPS_IN_A_ROW):
        if not await idempotency.sweep():
            return


async def _now_and_then(work: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        try:
            await work()
        except StepFailure as error:
            LOG.info("sweep_later", code=str(error.code))
        except Exception:
            # Nobody waits for this task: whatever it meets has to be loud, and must not be its end.
            LOG.exception("sweep_failed")
        await asyncio.sleep(every_s)
