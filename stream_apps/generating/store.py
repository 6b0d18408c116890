"""What is known of drafts that are being written: how often it was tried, and an answer that is not settled yet.

An answer costs money and a minute. It is kept here as the record that it will be, sealed under the draft's own key,
before it is published: whoever repeats the work after a crash publishes that one and asks no model. Once it is on the
log only the fact is kept that it is.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record
from muniment.stream_apps.outbox import record_of, row_of

_KNOWN = "select * from muniment_generating.drafts where tenant = $1 and draft_id = $2"
_TRY = """
insert into muniment_generating.drafts as d (tenant, draft_id, attempts) values ($1, $2, 1)
on conflict (tenant, draft_id) do update set attempts = d.attempts + 1 returning attempts"""
_PROMPTED = """
insert into muniment_generating.drafts as d (tenant, draft_id, prompted) values ($1, $2, $3)
on conflict (tenant, draft_id) do update set prompted = excluded.prompted"""
# Two workers may have written the same draft while its partition moved. The first answer is the one.
_KEEP = """
update muniment_generating.drafts set
    topic = coalesce(topic, $3), key = coalesce(key, $4), value = coalesce(value, $5), headers = coalesce(headers, $6)
where tenant = $1 and draft_id = $2 and not settled returning topic, key, value, headers"""
# The record that tells of a call is its answer from now on, unless somebody has given the call up meanwhile.
_ANSWERED = """
update muniment_generating.charges
set answered = true, noted_at = now(), topic = $4, key = $5, value = $6, headers = $7
where tenant = $1 and draft_id = $2 and attempt = $3 and not ended returning attempt"""
_ON_THE_LOG = "delete from muniment_generating.charges where tenant = $1 and draft_id = $2 and answered"
_LEFT_OVER = "update muniment_generating.charges set ended = true where tenant = $1 and draft_id = $2 returning attempt"
_SETTLED = """
insert into muniment_generating.drafts as d (tenant, draft_id, settled) values ($1, $2, true)
on conflict (tenant, draft_id) do update
set settled = true, topic = null, key = null, value = null, headers = null"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a draft.

    Attributes:
        answer: What was written and may not be on the log yet.
        settled: All that was to be said of it is on the log.
        prompted: Where the last prompt lies, its own or that of the draft that it goes back to.

    """

    answer: Record | None = None
    settled: bool = False
    prompted: Position | None = None


class GeneratingStore:
    """The table `muniment_generating.drafts`. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def known(self, tenant: str, draft_id: UUID) -> Known:
        """What is known of a draft."""
        async with database():
            row = await self._pool.fetchrow(_KNOWN, tenant, draft_id)
        if row is None:
            return Known()
        prompted = Position.parse(row["prompted"]) if row["prompted"] else None
        return Known(record_of(row) if row["topic"] else None, row["settled"], prompted)

    async def tries(self, tenant: str, draft_id: UUID) -> int:
        """Begin another try; its number, from 1."""
        async with database():
            return int(await self._pool.fetchval(_TRY, tenant, draft_id))

    async def prompted(self, tenant: str, draft_id: UUID, place: Position) -> None:
        """Note where the prompt lies that the marks of a draft's text refer to."""
        async with database():
            await self._pool.execute(_PROMPTED, tenant, draft_id, str(place))

    async def keep(self, tenant: str, draft_id: UUID, answer: Record, paid: int | None) -> Record | None:
        """Keep an answer until it is settled; the one that is to be published, `None` when one is settled already.

        `paid` is the try whose call is noted in `muniment_generating.charges`, if there is such a one.

        Raises:
            StepFailure: also `unexpected`: the call was given up and told as one that nothing came of.

        """
        async with database(), self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_KEEP, tenant, draft_id, *row_of(answer))
            kept = record_of(row) if row else None
            # Each is sealed with a number of its own: no two are alike.
            if kept is not None and kept.value == answer.value and paid is not None:
                taken = await connection.fetchval(_ANSWERED, tenant, draft_id, paid, *row_of(answer))
                if taken is None:
                    raise StepFailure(ErrorCode.UNEXPECTED, "the call of the model was given up before its end")
        return kept

    async def settled(self, tenant: str, draft_id: UUID) -> bool:
        """All that was to be said of a draft is on the log; whether calls of tries before this are still to be told."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SETTLED, tenant, draft_id)
            await connection.execute(_ON_THE_LOG, tenant, draft_id)
            return bool(await connection.fetch(_LEFT_OVER, tenant, draft_id))
