"""Calls of a model that cost something and that the log knows nothing of yet: the table `muniment_generating.charges`.

A call has a row from its first piece on, in which the record lies that tells what it cost: `DraftCharged`, or, once its
answer is kept (`GeneratingStore.keep`), that answer. A call that has ended is told by whoever comes first, its own
worker or another; the row goes when the log has the record. So each call that was paid for is told, by one record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.record import Record
from muniment.stream_apps.outbox import record_of, row_of

CLAIMED_S = 20.0
"""Longer than the log is told of one: who claimed it so long ago has died over it."""
# Whoever was cancelled while this was done does not know that it was, and does it again.
_BEGIN = """
insert into muniment_generating.charges as c
    (tenant, draft_id, attempt, project_id, tokens, cost_micros, topic, key, value, headers, booked)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (tenant, draft_id, attempt) do update set tokens = excluded.tokens, cost_micros = excluded.cost_micros,
    topic = excluded.topic, key = excluded.key, value = excluded.value, headers = excluded.headers,
    booked = c.booked or excluded.booked, noted_at = now()
where not c.ended and not c.answered"""
_NOTE = """
update muniment_generating.charges c set tokens = $5, cost_micros = $6, topic = $7, key = $8, value = $9, headers = $10,
    booked = before.booked or $11, noted_at = now()
from (
    select tenant, draft_id, attempt, booked from muniment_generating.charges
    where tenant = $1 and draft_id = $2 and attempt = $3 and project_id = $4 and not ended and not answered for update
) before
where c.tenant = before.tenant and c.draft_id = before.draft_id and c.attempt = before.attempt
returning before.booked"""
_END = """
update muniment_generating.charges set ended = true
where tenant = $1 and draft_id = $2 and attempt = $3 and not answered"""
_CLAIM = """
update muniment_generating.charges c set ended = true, claimed_at = now()
from (
    select tenant, draft_id, attempt from muniment_generating.charges
    where ($1::text is null or (tenant = $1 and draft_id = $2))
        and (ended or noted_at < now() - make_interval(secs => $3))
        and (claimed_at is null or claimed_at < now() - make_interval(secs => $4))
    order by noted_at limit 100 for update skip locked
) before
where c.tenant = before.tenant and c.draft_id = before.draft_id and c.attempt = before.attempt
returning c.*"""
_BOOK = """
update muniment_generating.charges set booked = true
where tenant = $1 and draft_id = $2 and attempt = $3 and not booked returning true"""
_TOLD = "delete from muniment_generating.charges where tenant = $1 and draft_id = $2 and attempt = $3"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call has cost so far, and the record that tells of it.

    Attributes:
        booked: Whether it is, or was, counted against the budgets.

    """

    tenant: str
    project_id: UUID
    draft_id: UUID
    attempt: int
    tokens: int
    cost_micros: int
    record: Record
    booked: bool = False


class Charges:
    """The table. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def begin(self, charge: Charge) -> None:
        """Note a call that begins to cost something. Twice is once."""
        async with database():
            await self._pool.execute(_BEGIN, *_values(charge))

    async def note(self, charge: Charge) -> bool:
        """Note what a call costs by now; false when somebody else has ended it, or booked it before."""
        async with database():
            booked = await self._pool.fetchval(_NOTE, *_values(charge))
        return booked is False

    async def end(self, tenant: str, draft_id: UUID, attempt: int) -> None:
        """No draft comes of this call: what is noted of it is to be told."""
        async with database():
            await self._pool.execute(_END, tenant, draft_id, attempt)

    async def claim(self, draft: tuple[str, UUID] | None, abandoned_s: float) -> Sequence[Charge]:
        """Take upon oneself to tell the calls (of one draft) that have ended, or whose teller has died.

        Also those that nothing was heard of for `abandoned_s`: whoever made them was killed.
        """
        async with database():
            rows = await self._pool.fetch(_CLAIM, *(draft or (None, None)), abandoned_s, CLAIMED_S)
        return [_charge(row) for row in rows]

    async def book(self, charge: Charge) -> bool:
        """Take upon oneself to count a call; false when somebody has."""
        async with database():
            return bool(await self._pool.fetchval(_BOOK, charge.tenant, charge.draft_id, charge.attempt))

    async def told(self, charge: Charge) -> None:
        """The log has it."""
        async with database():
            await self._pool.execute(_TOLD, charge.tenant, charge.draft_id, charge.attempt)


def _values(charge: Charge) -> tuple[Any, ...]:
    named = charge.tenant, charge.draft_id, charge.attempt, charge.project_id
    return (*named, charge.tokens, charge.cost_micros, *row_of(charge.record), charge.booked)


def _charge(row: Any) -> Charge:
    named = row["tenant"], row["project_id"], row["draft_id"], row["attempt"]
    return Charge(*named, row["tokens"], row["cost_micros"], record_of(row), booked=row["booked"])
