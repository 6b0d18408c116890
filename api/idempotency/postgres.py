"""The first answers in Postgres: whoever inserts the row carries the request out, on whichever instance that is."""

import json
from typing import Any
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from muniment.api.idempotency.port import Begun, KeptAnswer, OtherRequest, Reserved, UnderWay
from muniment.producers import kept_answers
from muniment.producers.postgres import database

SWEEP_ROWS = 1000
_EXPIRED = "delete from muniment_access.idempotency where tenant = $1 and key = $2 and expires_at < now()"
# A row without an answer whose holder has not been heard of is taken over with the ids it has.
_BEGIN = """
insert into muniment_access.idempotency as kept
    (tenant, key, fingerprint, job_id, document_id, holder, locked_until, expires_at)
values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7), now() + make_interval(secs => $8))
on conflict (tenant, key) do update set holder = excluded.holder, locked_until = excluded.locked_until
where kept.status is null and kept.fingerprint = excluded.fingerprint
    and (kept.locked_until is null or kept.locked_until < now())
returning job_id, document_id, created_at, xmax = 0 as fresh"""
_LOOK = """
select fingerprint, status, headers, body from muniment_access.idempotency where tenant = $1 and key = $2"""
_EXTEND = """
update muniment_access.idempotency set locked_until = now() + make_interval(secs => $4)
where tenant = $1 and key = $2 and holder = $3 and status is null"""
_ANSWERED = """
update muniment_access.idempotency set status = $3, headers = $4, body = $5, locked_until = null
where tenant = $1 and key = $2 and status is null"""
_INTERRUPTED = """
update muniment_access.idempotency set locked_until = null
where tenant = $1 and key = $2 and holder = $3 and status is null"""
_FORGET = """
delete from muniment_access.idempotency where tenant = $1 and key = $2 and holder = $3 and status is null"""
_SWEEP = """
delete from muniment_access.idempotency where (tenant, key) in (
    select tenant, key from muniment_access.idempotency where expires_at < now() order by expires_at limit $1
    for update skip locked)"""


class PostgresIdempotency:
    """See `IdempotencyStore`. Keys are kept for `keep_s`; a holder not heard of for `lock_s` has ended."""

    def __init__(self, pool: Any, *, keep_s: float = 24 * 3600.0, lock_s: float = 15.0) -> None:
        self._pool = pool
        self._keep_s = keep_s
        self._lock_s = lock_s

    async def begin(self, tenant: str, key: str, fingerprint: bytes) -> Begun:
        """See `IdempotencyStore.begin`."""
        holder = uuid4()
        ids = (uuid7(), uuid4())
        async with database():
            while True:
                await self._pool.execute(_EXPIRED, tenant, key)
                row = await self._pool.fetchrow(
                    _BEGIN, tenant, key, fingerprint, *ids, holder, self._lock_s, self._keep_s
                )
                if row is not None:
                    return Reserved(row["job_id"], row["document_id"], holder, row["created_at"], not row["fresh"])
                row = await self._pool.fetchrow(_LOOK, tenant, key)
                # None: it was forgotten between the two statements, which is as if we had come a moment later.
                if row is not None:
                    return _found(row, fingerprint)

    async def extend(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.extend`."""
        async with database():
            await self._pool.execute(_EXTEND, tenant, key, holder, self._lock_s)

    async def answered(self, tenant: str, key: str, answer: KeptAnswer) -> None:
        """See `IdempotencyStore.answered`."""
        async with database():
            await self._pool.execute(_ANSWERED, tenant, key, answer.status, json.dumps(answer.headers), answer.body)

    async def interrupted(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.interrupted`."""
        async with database():
            await self._pool.execute(_INTERRUPTED, tenant, key, holder)

    async def forget(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.forget`."""
        async with database():
            await self._pool.execute(_FORGET, tenant, key, holder)

    async def blank(self, tenant: str, about: UUID) -> None:
        """See `IdempotencyStore.blank`."""
        await kept_answers.blank(self._pool, tenant, [about])

    async def sweep(self) -> int:
        """Remove some of the keys that have expired; how many. Bounded, so that it holds up nobody."""
        async with database():
            done: str = await self._pool.execute(_SWEEP, SWEEP_ROWS)
        return int(done.rpartition(" ")[2])


def _found(row: Any, fingerprint: bytes) -> Begun:
    if row["fingerprint"] != fingerprint:
        return OtherRequest()
    if row["status"] is None:
        return UnderWay()
    return KeptAnswer(row["status"], tuple((n, v) for n, v in json.loads(row["headers"])), row["body"])
