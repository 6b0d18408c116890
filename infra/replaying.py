"""What a replay or a verification stands on: the log, Postgres and the local key ring. No endpoint, no blob store."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import asyncpg

from muniment.infra import bootstrap
from muniment.infra.folding import projections_config
from muniment.infra.not_set import required
from muniment.infra.one_connection import CONNECT_S
from muniment.infra.own_codec import own_codec
from muniment.infra.settings import Settings
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.tail import OperationsTail
from muniment.producers.postgres import database
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Connection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.comparison import Comparison
from muniment.projections.replaying.processes import Processes
from muniment.schemas.audit import HOUSE
from muniment.schemas.codec import encode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.replays import ReadModelDropped, ReplayAccepted

CAUGHT_UP_S = 30.0
"""How long the events that operators decided to pass by are waited for."""


@dataclass(frozen=True)
class Ground:
    """What a replay stands on."""

    config: ProjectionsConfig
    codec: LogCodec
    operations: OperationsTail
    apart: Processes


@asynccontextmanager
async def ground(settings: Settings) -> AsyncIterator[Ground]:
    """Open it, and close it again.

    Raises:
        NotSetError: an address is missing, or the key ring file that the key store needs.
        StepFailure: `database_unavailable`, `key_ring_unusable`, or `log_unavailable` when what is to be passed by
            cannot be read.

    """
    config = projections_config(settings)
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    async with database():
        pool = await asyncpg.create_pool(config.database_url, min_size=1, max_size=4, timeout=CONNECT_S)
    async with pool, OperationsTail(brokers) as operations:
        codec = LogCodec(await bootstrap.key_ring(settings, pool))
        try:
            async with asyncio.timeout(CAUGHT_UP_S):
                await operations.caught_up.wait()
        except TimeoutError:
            detail = f"the broker at {brokers} has not told within {CAUGHT_UP_S:g} s what is to be passed by"
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, detail) from None
        yield Ground(config, codec, operations, Processes(partial(own_codec, settings, config.database_url)))


async def accepted(ground: Ground, comparison: Comparison, reason: str) -> bool:
    """Put on the record that the person at this terminal accepts the differences; true once the broker has it."""
    event = ReplayAccepted(
        projection=comparison.projection,
        version=comparison.version,
        schema=comparison.shadow,
        replaced=comparison.live,
        differences=comparison.differences,
        reason=reason,
    )
    await _put_on_record(ground.config.bootstrap, event)
    return True


async def dropped(brokers: str, connection: Connection, one: shadow.Kept, reason: str) -> bool:
    """Remove a schema that is not live, on the record with who and why; false while it is still being read."""
    event = ReadModelDropped(
        projection=one.projection, version=one.version, schema=one.schema, kind=one.why, reason=reason
    )
    return await shadow.drop(connection, one.schema, recorded=partial(_put_on_record, brokers, event))


async def _put_on_record(brokers: str, event: Event) -> None:
    """What the person at this terminal does is on the log when this returns; nothing in it is personal."""
    event_id, now = uuid4(), datetime.now(UTC)
    actor = f"user:{getpass.getuser()}"
    meta = Metadata(event_id, HOUSE, event_id, event_id, whole_millis(now), "muniment.replay", actor=actor)
    async with KafkaPublisher(brokers, client_id="muniment-replay") as publisher:
        await publisher.send(encode(event, meta, None))
