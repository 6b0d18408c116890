"""Takes records out of their lines that would end with nothing done when their turn came: their job was cancelled."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.retry_headers import REDRIVE_ID

WITHDRAWN_FROM = ("extracting", "chunking", "indexing")
"""Steps that drop a record of a cancelled job. Every other one in which records wait does something with it still: who
decides answers, who purges tidies up."""
# As `release` does, the lock of the head comes first: nobody is released while others of the line are taken out.
_LOCK = """
select from muniment_parking.heads where tenant = $1 and key = any($2) order by step, key for update"""
# A header lies there as its name and the hex of its value. The head's own row is on its way out, and others wait for
# it; what was redriven is waited for by its redrive, which hears of it at the end of its turn only.
_WITHDRAW = """
delete from muniment_parking.records r using muniment_parking.heads h
where r.tenant = $1 and r.key = any($2) and r.step = any($3)
    and h.step = r.step and h.tenant = r.tenant and h.key = r.key and h.head <> r.origin
    and not exists (select from jsonb_array_elements(r.headers) told where told ->> 0 = $4)
    and exists (
        select from muniment_deciding.cancelled c where c.tenant = $1 and c.document_id = any($5) and r.headers @>
            jsonb_build_array(jsonb_build_array(
                'correlation_id', encode(convert_to(c.job_id::text, 'UTF8'), 'hex'))))"""
_SEALED = """
select count(*) from muniment_parking.records r where r.tenant = $1 and r.key = any($2) and exists (
    select from muniment_keys.data_keys k
    where k.tenant = $1 and k.document_id = any($3) and k.destroyed_at is not null and r.headers @>
        jsonb_build_array(jsonb_build_array('key_id', encode(convert_to(k.key_id::text, 'UTF8'), 'hex'))))"""


async def withdraw(pool: Any, tenant: str, documents: Sequence[UUID]) -> int:
    """Take out what waits of cancelled jobs of these documents; how many stay that lie under destroyed keys.

    Those end at their turn. The order of a line is as before without what was taken out, and its head stays the head:
    when it ends, the next one of those that are left goes on, or nobody waits any more.
    """
    keys, owners = [str(document).encode() for document in documents], list(documents)
    async with database(), pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(_LOCK, tenant, keys)
            await connection.execute(_WITHDRAW, tenant, keys, list(WITHDRAWN_FROM), REDRIVE_ID, owners)
        return int(await connection.fetchval(_SEALED, tenant, keys, owners))
