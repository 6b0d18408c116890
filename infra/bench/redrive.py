"""How fast dead letters go back to their steps: letters are buried, projected, and redriven by command."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from muniment.infra import bootstrap
from muniment.infra.bench.figures import Figure
from muniment.infra.bench.sample import indexed
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.publisher import Publisher
from muniment.schemas.codec import encode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.operation_commands import RedriveDeadLetters
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import DLQ, DOCUMENTS

LETTERS = 2000
TENANT = "bench-redrive"
STEP = "deciding"
"""It takes note of an indexed document in one statement: what is measured is the way back, not the work."""
HIGHEST_RATE = 1000.0
LIMIT_S = 120.0


async def measured(settings: Settings, letters: int = LETTERS) -> list[Figure]:
    """Bury so many letters and redrive them as fast as it goes, on a stack that runs."""
    cause = uuid4().hex[:16]
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    connection = await asyncpg.connect(bootstrap.database_url(settings))
    try:
        async with KafkaPublisher(brokers, client_id="muniment-bench") as publisher:
            await asyncio.gather(*(publisher.send(_letter(number, cause)) for number in range(letters)))
            await _until(connection, _SEEN, letters, cause)
            command_id, began = uuid4(), time.monotonic()
            await _order(publisher, command_id, letters, cause)
            await _until(connection, _SENT, letters, command_id)
            seconds = time.monotonic() - began
    finally:
        await connection.close()
    return [Figure("redrive", letters / seconds, "letters/s", note=f"{letters} letters, from command to the last sent")]


_SEEN = "select count(*) from read.dead_letters where fingerprint = $1"
_SENT = "select count(*) from muniment_operating.letters where redrive_id = $1 and state = 'redriven'"


async def _until(connection: Any, query: str, wanted: int, argument: str | UUID) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await connection.fetchval(query, argument) != wanted:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.05)


async def _order(publisher: Publisher, command_id: UUID, letters: int, cause: str) -> None:
    command = RedriveDeadLetters(
        letters=(),
        selection={"fingerprint": cause},
        rate=HIGHEST_RATE,
        canary=0,
        confirmed=letters,
        force=False,
        reason="a measurement",
    )
    await publisher.send(_encoded(command, command_id))


def _letter(number: int, cause: str) -> Record:
    """A dead letter as the wrapper buries it."""
    now_ms = time.time_ns() // 1_000_000
    place = Position(DOCUMENTS.name, 0, number)
    state = RetryState(STEP, 5, 0, now_ms, 0, place, ErrorCode.UNEXPECTED, "a measurement", fingerprint=cause)
    return _encoded(indexed(), uuid4()).with_headers(state.to_headers()).to(DLQ.name)


def _encoded(event: Event, event_id: UUID) -> Record:
    now = whole_millis(datetime.now(UTC))
    return encode(event, Metadata(event_id, TENANT, event_id, event_id, now, "muniment.bench"), None)
