"""Parking in Postgres: every process of Muniment sees the same lines."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from muniment.producers.postgres import database
from muniment.schemas.record import Record
from muniment.stream_apps.parking.port import PAUSE_S, Place, Standing

_KEY = "step = $1 and tenant = $2 and key = $3"
_HEAD = f"select head from muniment_parking.heads where {_KEY}"  # noqa: S608 - a constant of this file, as below
_LOCKED = f"{_HEAD} for update"
_PARK = """
insert into muniment_parking.records (step, tenant, key, origin, topic, value, headers)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (step, origin) do nothing"""
_STORE = """
insert into muniment_parking.records (step, tenant, key, origin, topic, value, headers)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (step, origin) do update set topic = excluded.topic, value = excluded.value, headers = excluded.headers"""
_LEAD = """
insert into muniment_parking.heads as h (step, tenant, key, head) values ($1, $2, $3, $4)
on conflict (step, tenant, key) do update set parked_at = now() where h.head = excluded.head
returning head"""
_ENDED = "delete from muniment_parking.records where step = $1 and origin = $2"
_NEXT = f"""
select origin, topic, key, value, headers from muniment_parking.records where {_KEY}
order by number limit 1"""  # noqa: S608
_FOLLOW = f"update muniment_parking.heads set head = $4, parked_at = now() where {_KEY}"  # noqa: S608
_FREE = f"delete from muniment_parking.heads where {_KEY}"  # noqa: S608
_PUBLISHED = """
delete from muniment_parking.records r using muniment_parking.heads h
where r.step = $1 and r.tenant = $2 and r.key = $3 and r.origin = $4
and h.step = r.step and h.tenant = r.tenant and h.key = r.key and h.head = r.origin"""
_OWN_ROW = "r.step = h.step and r.tenant = h.tenant and r.key = h.key and r.origin = h.head"
_UNPUBLISHED = f"""
update muniment_parking.heads h set parked_at = now() from muniment_parking.records r
where {_OWN_ROW} and h.parked_at <= now() - $1::interval
returning r.step, r.tenant, r.key, r.origin, r.topic, r.value, r.headers"""  # noqa: S608
_UNHEARD_OF = f"""
select h.step, h.tenant, h.key, h.head as origin from muniment_parking.heads h
where h.parked_at <= now() - $1::interval
and not exists (select from muniment_parking.records r where {_OWN_ROW})"""  # noqa: S608
_KNOW = """
insert into muniment_parking.running (step, noted_at) select unnest($1::text[]), '-infinity' on conflict do nothing"""
_LATE = """
select step, noted_at < now() - $2::interval as late from muniment_parking.running where step = any($1)
order by step for update"""
_PAUSED = """
insert into muniment_parking.pauses (step, since, until)
select step, noted_at, now() from muniment_parking.running where step = any($1)"""
# As much younger as the pause was long, for as much of it as came after the head was last seen.
_SPARE = """
update muniment_parking.heads h set parked_at = h.parked_at + (now() - greatest(r.noted_at, h.parked_at))
from muniment_parking.running r where r.step = h.step and r.step = any($1)"""
_RUNNING = "update muniment_parking.running set noted_at = greatest(noted_at, now()) where step = any($1)"
_PAUSES = """
select coalesce(extract(epoch from sum(until - greatest(since, $2))) * 1000, 0)::bigint from (
    select since, until from muniment_parking.pauses where step = $1
    union all select noted_at, now() from muniment_parking.running
        where step = $1 and noted_at < now() - $3::interval
) p where until > $2"""
_WAITING = "select step, count(*) as records from muniment_parking.records group by step"


class PostgresParking:
    """See `Parking`. A row lock on the head of a key makes one after the other of what happens to it."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def stand(self, place: Place, record: Record) -> Standing:
        """See `Parking.stand`."""
        key = (place.step, place.tenant, place.key)
        async with database(), self._pool.acquire() as connection:
            head = await connection.fetchval(_HEAD, *key)
            if head is None or head == place.origin:
                return Standing.FREE if head is None else Standing.HEAD
            async with connection.transaction():
                head = await connection.fetchval(_LOCKED, *key)
                if head is None or head == place.origin:
                    return Standing.FREE if head is None else Standing.HEAD
                await connection.execute(_PARK, *_row(place, record))
                return Standing.PARKED

    async def lead(self, place: Place, record: Record) -> bool:
        """See `Parking.lead`."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_LEAD, place.step, place.tenant, place.key, place.origin) is None:
                return False
            await connection.execute(_STORE, *_row(place, record))
            return True

    async def release(self, place: Place) -> tuple[Place, Record] | None:
        """See `Parking.release`."""
        key = (place.step, place.tenant, place.key)
        async with database(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_LOCKED, *key) != place.origin:
                return None
            await connection.execute(_ENDED, place.step, place.origin)
            row = await connection.fetchrow(_NEXT, *key)
            if row is None:
                await connection.execute(_FREE, *key)
                return None
            await connection.execute(_FOLLOW, *key, row["origin"])
            return Place(*key, row["origin"]), _record(row)

    async def published(self, place: Place) -> None:
        """See `Parking.published`."""
        async with database():
            await self._pool.execute(_PUBLISHED, place.step, place.tenant, place.key, place.origin)

    async def unpublished(self, for_s: float) -> Sequence[tuple[Place, Record]]:
        """See `Parking.unpublished`."""
        async with database():
            rows = await self._pool.fetch(_UNPUBLISHED, timedelta(seconds=for_s))
        return [(_place(row), _record(row)) for row in rows]

    async def unheard_of(self, for_s: float) -> Sequence[Place]:
        """See `Parking.unheard_of`."""
        async with database():
            rows = await self._pool.fetch(_UNHEARD_OF, timedelta(seconds=for_s))
        return [_place(row) for row in rows]

    async def running(self, steps: Sequence[str]) -> None:
        """See `Parking.running`. The database's clock for all of it; the first to speak after a pause notes it."""
        said = sorted(steps)
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_KNOW, said)
            rows = await connection.fetch(_LATE, said, timedelta(seconds=PAUSE_S))
            if late := [row["step"] for row in rows if row["late"]]:
                await connection.execute(_PAUSED, late)
                await connection.execute(_SPARE, late)
            await connection.execute(_RUNNING, said)

    async def paused_ms(self, step: str, since_ms: int) -> int:
        """See `Parking.paused_ms`."""
        since = datetime.fromtimestamp(since_ms / 1000, UTC)
        async with database():
            return int(await self._pool.fetchval(_PAUSES, step, since, timedelta(seconds=PAUSE_S)))

    async def waiting(self) -> dict[str, int]:
        """See `Parking.waiting`."""
        async with database():
            return {row["step"]: row["records"] for row in await self._pool.fetch(_WAITING)}


def _row(place: Place, record: Record) -> tuple[str, str, bytes, str, str, bytes, str]:
    headers = json.dumps([_told(name, value) for name, value in record.headers])
    return place.step, place.tenant, place.key, place.origin, record.topic, record.value, headers


def _told(name: str, value: bytes) -> tuple[str | None, ...]:
    # Whatever bytes a foreign header has: they come back as they were. A name that Postgres cannot hold stands third,
    # so that a worker of an older version reads all the others.
    return (None, value.hex(), name.encode().hex()) if "\x00" in name else (name, value.hex())


def _record(row: Any) -> Record:
    headers = tuple(_header(*told) for told in json.loads(row["headers"]))
    return Record(row["topic"], row["key"], row["value"], headers)


def _header(name: str | None, value: str, strange: str = "") -> tuple[str, bytes]:
    return bytes.fromhex(strange).decode() if name is None else name, bytes.fromhex(value)


def _place(row: Any) -> Place:
    return Place(row["step"], row["tenant"], row["key"], row["origin"])
