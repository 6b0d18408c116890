"""What no command says, but what everybody is to hear: kept in the transaction that makes it so, published after it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.producers.publisher import Publisher
from muniment.schemas.codec import encode
from muniment.schemas.event import Event
from muniment.schemas.ids import child_traceparent, result_id
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.stream_apps.outbox import record_of, row_of
from muniment.stream_apps.retrying.confirmed import send_confirmed

STEP = "redriving"
BATCH = 200
_PUT = """
insert into muniment_operating.announcements (event_id, topic, key, value, headers) values ($1, $2, $3, $4, $5)
on conflict (event_id) do nothing"""
_WAITING = """
select number, topic, key, value, headers from muniment_operating.announcements order by number limit $1"""
_SENT = "delete from muniment_operating.announcements where number = any($1)"


@dataclass(frozen=True, slots=True)
class Cause:
    """What an announcement follows from: a redrive, or an id that stands for something else."""

    cause: UUID
    tenant: str
    actor: str = ""
    traceparent: str = ""


async def put(connection: Any, cause: Cause, events: Sequence[tuple[Event, int]], now: datetime) -> None:
    """Keep events, each with an index that is its own among those of its type and cause."""
    rows = []
    for event, index in events:
        event_id = result_id(cause.cause, STEP, event.declaration.name, index)
        meta = Metadata(
            event_id=event_id,
            tenant=cause.tenant,
            correlation_id=cause.cause,
            causation_id=cause.cause,
            time=whole_millis(now),
            source=f"muniment.{STEP}",
            traceparent=child_traceparent(cause.traceparent, event_id),
            actor=cause.actor,
        )
        rows.append((event_id, *row_of(encode(event, meta, None))))
    await connection.executemany(_PUT, rows)


async def publish(pool: Any, publisher: Publisher) -> int:
    """Publish what waits, in its order; how much it was. Only one at a time may do this.

    Raises:
        StepFailure: `database_unavailable`.

    """
    count = 0
    while True:
        async with database():
            rows = await pool.fetch(_WAITING, BATCH)
        # Side by side, in the order of their numbers unless one has to be repeated: nobody relies on more than that.
        await asyncio.gather(*(send_confirmed(publisher, record_of(row)) for row in rows))
        if rows:
            async with database():
                await pool.execute(_SENT, [row["number"] for row in rows])
        count += len(rows)
        if len(rows) < BATCH:
            return count
