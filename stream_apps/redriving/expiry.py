"""Dead letters that nobody looks after: discarded when they are too old, and an alarm when they are many."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from muniment.producers.postgres import database
from muniment.schemas.operations import DeadLettersDiscarded
from muniment.stream_apps.braking.brake import HOUSE
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.announcing import Cause

BATCH = 1000
COLUMNS = ("letter", "tenant", "step", "fingerprint", "document_id", "job_id", "redrive_times")
"""What is noted of a letter of the read model when it is discarded."""
ONE = "select pg_advisory_xact_lock(hashtextextended('muniment.operating', 0))"
"""One at a time decides about letters, whoever it is; held to the end of a transaction."""
_OLD = """
select d.letter, d.tenant, d.step, d.fingerprint, d.document_id, d.job_id, d.redrive_times
from read.dead_letters d left join muniment_operating.letters o using (letter)
where d.status in ('waiting', 'edited', 'quarantined') and d.failed_at < $1
    and coalesce(o.state, 'waiting') in ('waiting', 'quarantined')
order by d.failed_at, d.letter limit $2"""
_DISCARD = """
insert into muniment_operating.letters (letter, tenant, step, fingerprint, document_id, job_id, times, state)
values ($1, $2, $3, $4, $5, $6, $7, 'discarded') on conflict (letter) do update set state = 'discarded'"""
_WAITING = "select count(*) from read.dead_letters where status in ('waiting', 'edited', 'quarantined')"
NOT_YET = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedColumnError)
"""What is said of a read model that the projections have not made yet."""
log = structlog.get_logger(__name__)


class Expiry:
    """Discards letters older than `days`, and warns when more than `alarm` wait for an operator."""

    def __init__(self, pool: Any, now: Callable[[], datetime], *, days: float, alarm: int) -> None:
        self._pool = pool
        self._now = now
        self._days = days
        self._alarm = alarm

    async def look(self) -> int:
        """Discard what is too old, and warn when too many wait; how many were discarded."""
        count = 0
        try:
            while (last := await self._expire()) > 0:
                count += last
            async with database():
                waiting = await self._pool.fetchval(_WAITING)
        except NOT_YET:
            return count  # the projections have not made the read model yet
        if count:
            log.warning("dead_letters_expired", letters=count, days=self._days)
        if waiting > self._alarm:
            log.warning("many_dead_letters", waiting=waiting, alarm=self._alarm)
        return count

    async def _expire(self) -> int:
        now = self._now()
        before = now - timedelta(days=self._days)
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(ONE)
            rows = await connection.fetch(_OLD, before, BATCH)
            await discard(connection, rows, how="expired", reason=f"older than {self._days:g} days", now=now)
        return len(rows)


async def discard(connection: Any, rows: Sequence[Any], *, how: str, reason: str, now: datetime) -> None:
    """Discard letters, in a transaction of the caller's; each tenant is told of its own."""
    await connection.executemany(_DISCARD, [tuple(row[name] for name in COLUMNS) for row in rows])
    of_tenant: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        of_tenant[row["tenant"] or HOUSE].append(row["letter"])
    for tenant, letters in of_tenant.items():
        event = DeadLettersDiscarded(letters=tuple(letters), how=how, reason=reason)
        await announcing.put(connection, Cause(uuid4(), tenant), [(event, 0)], now)
