"""Rotates the key-encryption key: wraps every data key anew under the current one, row by row, as often as it takes.

A data key itself stays what it is, so nothing on the log has to be sealed anew. Each row says what wraps it: who was
killed in the middle of it goes on where that was. Keys that are made meanwhile are wrapped by either, and the current
one may change meanwhile: passes over all rows are made until one finds nothing to do.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.producers.postgres_key_ring import aad_of
from muniment.producers.wrapping import Wrapping
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

BATCH = 200
_ROWS = """
select key_id, tenant, kek_id, wrapped from muniment_keys.data_keys
where destroyed_at is null and kek_id <> $1 and key_id > $2 order by key_id limit $3"""
_SAVE = """
update muniment_keys.data_keys set kek_id = $3, wrapped = $4
where key_id = $1 and kek_id = $2 and destroyed_at is null"""
_TENANTS = "select tenant, kek_id, wrapped from muniment_keys.tenant_keys where kek_id <> $1"
_SAVE_TENANT = "update muniment_keys.tenant_keys set kek_id = $3, wrapped = $4 where tenant = $1 and kek_id = $2"
_IN_USE = """
select distinct kek_id from muniment_keys.data_keys where destroyed_at is null
union select distinct kek_id from muniment_keys.tenant_keys"""


async def rewrap(pool: Any, wrapping: Wrapping, told: Callable[[int], None] = lambda _: None) -> int:
    """Wrap what another key wraps under the current one; how many there were. `told` hears of each batch.

    Raises:
        StepFailure: `database_unavailable`, `key_ring_unusable`; what was done stays done.

    """
    done = 0
    async with database():
        while True:
            current = await wrapping.current()
            wrapped_by: set[str] = set()
            for row in await pool.fetch(_TENANTS, current):
                aad = row["tenant"].encode()
                wrapped_by.add(await _anew(pool, wrapping, row, aad, (_SAVE_TENANT, row["tenant"])))
                done += 1
            last = UUID(int=0)
            while rows := await pool.fetch(_ROWS, current, last, BATCH):
                for row in rows:
                    aad = aad_of(row["tenant"], row["key_id"])
                    wrapped_by.add(await _anew(pool, wrapping, row, aad, (_SAVE, row["key_id"])))
                last = rows[-1]["key_id"]
                done += len(rows)
                told(done)
            if not wrapped_by:
                return done
            if current not in wrapped_by and await wrapping.current() == current:
                detail = f"{current} is said to be current, but {', '.join(sorted(wrapped_by))} wraps"
                raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, detail)


async def _anew(pool: Any, wrapping: Wrapping, row: Any, aad: bytes, save: tuple[str, Any]) -> str:
    """Wrap one row's secret again; the id of the key that wraps it now."""
    secret = await wrapping.unwrap(row["kek_id"], row["wrapped"], aad=aad)
    kek_id, wrapped = await wrapping.wrap(secret, aad=aad)
    sql, place = save
    await pool.execute(sql, place, row["kek_id"], kek_id, wrapped)
    return kek_id


async def in_use(pool: Any) -> set[str]:
    """The key-encryption keys that something is wrapped by."""
    async with database():
        return {row["kek_id"] for row in await pool.fetch(_IN_USE)}
