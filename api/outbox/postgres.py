"""Commands accepted while the log was away: rows in Postgres, in the order in which they were accepted."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from muniment.producers.leading import alone
from muniment.producers.postgres import database
from muniment.schemas.record import Position, Record

KEEP_S = 24 * 3600.0
"""How long a row stays after its command has reached the log, for readers who hold its number (seconds)."""
SWEEP_ROWS = 1000
LOCK = 0x6D756E6F7574626F
"""The advisory lock under which one instance at a time drains ("munoutbo")."""
LOOK_AGAIN_S = 0.1
LONG_AGO = Position("", 0, -1)
"""Stands for the place of a command whose row is gone: everybody has passed it."""
_PUT = """
insert into muniment_access.outbox (command_id, topic, key, value, headers) values ($1, $2, $3, $4, $5)
on conflict (command_id) do nothing returning number"""
_OF = "select number from muniment_access.outbox where command_id = $1"
_ANY = "select exists (select from muniment_access.outbox where position is null)"
_COUNT = "select count(*) from muniment_access.outbox where position is null"
_BATCH = """
select number, command_id, topic, key, value, headers, accepted_at from muniment_access.outbox
where position is null order by number limit $1"""
_DRAINED = "update muniment_access.outbox set position = $2, drained_at = now() where number = $1 and position is null"
_POSITION = "select position from muniment_access.outbox where number = $1"
_AHEAD = "select count(*) from muniment_access.outbox where position is null and number <= $1"
_SOME = """
select number, command_id, topic, key, value, headers, accepted_at from muniment_access.outbox
where command_id = any($1) and position is null"""
_SWEEP = """
delete from muniment_access.outbox where number in (
    select number from muniment_access.outbox where drained_at < now() - make_interval(secs => $1)
    order by drained_at limit $2 for update skip locked)"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that is not on the log yet."""

    number: int
    command_id: UUID
    record: Record
    accepted_at: datetime


class Outbox:
    """The rows. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def put(self, command_id: UUID, record: Record) -> int:
        """Accept a command: durable once this returns. Its number; a command that is there already keeps its own."""
        headers = json.dumps([(name, value.decode()) for name, value in record.headers])
        async with database():
            number = await self._pool.fetchval(_PUT, command_id, record.topic, record.key, record.value, headers)
            if number is None:
                number = await self._pool.fetchval(_OF, command_id)
        return int(number)

    async def find(self, command_id: UUID) -> int | None:
        """The number of a command, also when it is on the log by now; `None` when it never was here."""
        async with database():
            number: int | None = await self._pool.fetchval(_OF, command_id)
        return number

    async def any_waiting(self) -> bool:
        """Whether a command is not on the log yet, so that those that come now have to queue behind it."""
        async with database():
            return bool(await self._pool.fetchval(_ANY))

    async def waiting(self) -> int:
        """How many commands are not on the log yet."""
        async with database():
            return int(await self._pool.fetchval(_COUNT))

    async def position(self, number: int, timeout_s: float) -> Position | None:
        """Where a command lies on the log, waiting so long for it to get there; `None` when it has not.

        Of a row that is gone nobody waits any more: it got there long ago, and so the answer is `LONG_AGO`.
        """
        deadline = monotonic() + timeout_s
        while True:
            async with database():
                row = await self._pool.fetchrow(_POSITION, number)
            if row is None:
                return LONG_AGO
            if row["position"] is not None:
                return Position.parse(row["position"])
            if monotonic() >= deadline:
                return None
            await asyncio.sleep(LOOK_AGAIN_S)

    async def ahead(self, number: int) -> int:
        """How many commands have to reach the log for this one to be there."""
        async with database():
            return int(await self._pool.fetchval(_AHEAD, number))

    async def of(self, tenant: str, command_ids: Sequence[UUID]) -> list[Waiting]:
        """Those of a tenant's commands that are not on the log yet."""
        async with database():
            rows = await self._pool.fetch(_SOME, list(command_ids))
        found = [_waiting(row) for row in rows]
        return [one for one in found if one.record.header("tenant") == tenant]

    async def sweep(self) -> int:
        """Remove some of the rows whose commands have long been on the log; how many."""
        async with database():
            done: str = await self._pool.execute(_SWEEP, KEEP_S, SWEEP_ROWS)
        return int(done.rpartition(" ")[2])

    @asynccontextmanager
    async def draining(self) -> AsyncIterator["Draining | None"]:
        """The rows for whoever brings them to the log, one instance at a time; `None` when another one is at it."""
        async with alone(self._pool, LOCK) as connection:
            yield Draining(connection) if connection is not None else None


class Draining:
    """The rows on the connection that holds the lock: when that breaks, so does the draining."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def batch(self, most: int) -> list[Waiting]:
        """The next commands in order."""
        return [_waiting(row) for row in await self._connection.fetch(_BATCH, most)]

    async def drained(self, positions: Mapping[int, Position]) -> None:
        """These are on the log, there."""
        await self._connection.executemany(_DRAINED, [(n, str(p)) for n, p in sorted(positions.items())])


def _waiting(row: Any) -> Waiting:
    headers = tuple((name, value.encode()) for name, value in json.loads(row["headers"]))
    record = Record(row["topic"], row["key"], row["value"], headers)
    return Waiting(row["number"], row["command_id"], record, row["accepted_at"])
