"""What is known of drafts that are being written: how often it was tried, and an answer that is not settled yet.

An answer costs money and a minute. It is kept here as the record that it will be, sealed under the draft's own key,
before it is published: whoever repeats the work after a crash publishes that one and asks no model. Once it is on the
log only the fact is kept that it is.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
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

    async def keep(self, tenant: str, draft_id: UUID, answer: Record) -> Record | None:
        """Keep an answer until it is settled; the one that is to be published, `None` when one is settled already."""
        async with database():
            row = await self._pool.fetchrow(_KEEP, tenant, draft_id, *row_of(answer))
        return record_of(row) if row else None

    async def settled(self, tenant: str, draft_id: UUID) -> None:
        """All that was to be said of a draft is on the log."""
        async with database():
            await self._pool.execute(_SETTLED, tenant, draft_id)
