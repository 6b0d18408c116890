"""Questions that were asked before, while they are remembered: an index of what people of a tenant wanted to know.

What somebody searches for can say something about them, so this is off unless somebody turns it on. Then a question is
suggested to its own asker at once, and to others only when two keys have asked it; it is forgotten after a month in
which nobody asked it, and with every erasure of the tenant. The words of the question are kept, without who asked: of
the askers there are marks (HMAC under the tenant's secret), and no more than it takes to count to two.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from muniment.api.auditing.marks import mark
from muniment.api.live_channel.predicted import Prediction
from muniment.producers.key_ring import KeyRing
from muniment.producers.postgres import database
from muniment.projections.predictions.confidence import confidence
from muniment.projections.predictions.folding import composed, folded

KEPT = timedelta(days=30)
ENOUGH = 2
"""So many keys have to have asked before others are shown it."""
ASKER = "asker"
_LIKE = """
select folded, question, times, asked_at from muniment_caching.questions
where tenant = $1 and folded >= $2 and folded < $3 and asked_at > $4
    and (cardinality(askers) >= $5 or $6 = any(askers)) order by times desc, folded limit $7"""
_ASKED = """
insert into muniment_caching.questions as q (tenant, folded, question, times, askers, asked_at)
values ($1, $2, $3, 1, array[$4], $5)
on conflict (tenant, folded) do update set times = q.times + 1, asked_at = excluded.asked_at,
    askers = case when $4 = any(q.askers) or cardinality(q.askers) >= $6 then q.askers else q.askers || $4 end"""
_OLD = "delete from muniment_caching.questions where asked_at <= $1"


class PostgresQuestions:
    """See `Questions`."""

    def __init__(self, pool: Any, key_ring: KeyRing) -> None:
        self._pool = pool
        self._key_ring = key_ring

    async def like(self, tenant: str, actor: str, typed: str, limit: int) -> list[Prediction]:
        """See `Questions.like`."""
        plain, now = folded(typed), datetime.now(UTC)
        end = plain[:-1] + chr(ord(plain[-1]) + 1)
        async with database():
            rows = await self._pool.fetch(
                _LIKE, tenant, plain, end, now - KEPT, ENOUGH, await self._mark(tenant, actor), limit
            )
        return [
            Prediction(
                kind="question",
                text=row["question"],
                confidence=round(_sure(plain, row, now), 4),
                documents=0,
                places=[],
            )
            for row in rows
        ]

    async def asked(self, tenant: str, actor: str, question: str) -> None:
        """See `Questions.asked`."""
        plain, now = folded(question), datetime.now(UTC)
        if not plain:
            return
        async with database():
            await self._pool.execute(_OLD, now - KEPT)
            await self._pool.execute(
                _ASKED, tenant, plain, composed(question), await self._mark(tenant, actor), now, ENOUGH
            )

    async def _mark(self, tenant: str, actor: str) -> str:
        return mark(await self._key_ring.tenant_key(tenant), ASKER, actor)


def _sure(plain: str, row: Any, now: datetime) -> float:
    age_days = (now - row["asked_at"]).total_seconds() / 86400
    return confidence(plain, row["folded"], times=row["times"], age_days=age_days)
