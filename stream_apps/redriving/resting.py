"""Dead letters of embedding models that nobody embeds with: none goes back to them, and a drop gives its own up."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from muniment.producers.postgres import database
from muniment.schemas.resting import RESTING
from muniment.schemas.topics import BESIDE
from muniment.stream_apps.redriving.expiry import NOT_YET, ONE, discard

BATCH = 1000
_IN_THE_WAY = """
select m.model, m.state from muniment_operating.embedding_models m
join read.dead_letters d on d.branch = m.model and d.branch <> ''
join muniment_operating.letters l on l.letter = d.letter
where m.state = any($2) and l.redrive_id = $1 and l.step = any($4)
    and (l.state = 'claimed' or (l.state = 'redriven' and l.ended_as is null and l.number < $3)) limit 1"""
_DROPPED = """
select d.letter, d.tenant, d.step, d.fingerprint, d.document_id, d.job_id, d.redrive_times, d.branch
from muniment_operating.embedding_models m
join read.dead_letters d on d.branch = m.model and d.branch <> ''
left join muniment_operating.letters o on o.letter = d.letter
where m.state = 'dropped' and d.status in ('waiting', 'edited', 'quarantined')
    and coalesce(o.state, 'waiting') in ('waiting', 'quarantined')
order by d.branch, d.failed_at, d.letter limit $1"""
log = structlog.get_logger(__name__)


class RestingModels:
    """What the redriver knows of them; `pool` is an asyncpg pool."""

    def __init__(self, pool: Any, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now

    async def in_the_way(self, redrive_id: UUID, canaries: int) -> str:
        """Why a redrive cannot come to its end: a model of its letters has been dropped or paused. Empty: none has.

        It looks at what is still to go out, and at canaries (of lower numbers than `canaries`) that have not ended.
        """
        try:
            async with database():
                row = await self._pool.fetchrow(_IN_THE_WAY, redrive_id, list(RESTING), canaries, list(BESIDE))
        except NOT_YET:
            return ""  # the projections build the read model anew: the redrive goes on as if there were none
        if row is None:
            return ""
        model, state = row["model"], row["state"]
        return f"{model} was {state} meanwhile: {RESTING[state].format(model=model)}; the others can be redriven again"

    async def give_up(self) -> int:
        """Discard the letters of dropped models that nobody has done anything with; how many."""
        count = 0
        try:
            while (last := await self._give_up()) > 0:
                count += last
        except NOT_YET:
            pass  # as above: the next look finds them
        if count:
            log.warning("dead_letters_of_dropped_models", letters=count)
        return count

    async def _give_up(self) -> int:
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(ONE)
            rows = await connection.fetch(_DROPPED, BATCH)
            of_model: dict[str, list[Any]] = defaultdict(list)
            for row in rows:
                of_model[row["branch"]].append(row)
            for model, letters in of_model.items():
                reason = f"their embedding model {model} was dropped"
                await discard(connection, letters, how="command", reason=reason, now=self._now())
        return len(rows)
