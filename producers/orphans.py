"""Finds claims whose command nobody will decide, and gives them up.

It never reached the log, which a 503 leaves, or a crash before publishing. The log itself is asked, because nothing
else knows: a command may lie there undecided for as long as workers are away. Or it died when it was to be decided, and
its dead letter was discarded, by a person or with time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from muniment.producers.claims import Claims
from muniment.producers.postgres import database
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS

LOG = structlog.get_logger(__name__)
AT_ONCE = 500
_SUSPECTS = """
select tenant, document_id, job_id, min(created_at) as since, now() - make_interval(secs => $1) as before,
    exists (
        select from muniment_operating.letters as letter
        where letter.job_id = old.job_id and letter.tenant = old.tenant
            and letter.step = 'deciding' and letter.state = 'discarded'
    ) as discarded
from (
    select tenant, document_id, split_part(kind, '/', 1)::uuid as job_id, created_at, renewed_at
    from muniment_claims.claims where created_at < now() - make_interval(secs => $1)
) as old
where not exists (select from muniment_deciding.inbox where command_id = job_id)
    and not exists (select from muniment_access.outbox where command_id = job_id and position is null)
group by tenant, document_id, job_id
having min(renewed_at) < now() - make_interval(secs => $1) order by since limit $2"""


class Looks(Protocol):
    """What is asked of `producers.command_log.CommandLog`."""

    async def first(self, topic: str, wanted: Collection[UUID], since: datetime) -> dict[UUID, Position]:
        """Where those of the wanted records that are on the log lie."""
        ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round did: claims of so many jobs were given up, so many are on the log and wait to be decided."""

    released: int
    waiting: int


class Orphans:
    """The sweep. Twice is once, and two at once are harmless: a claim that was renewed meanwhile stays."""

    def __init__(self, pool: Any, claims: Claims, looks: Looks, *, grace_s: float) -> None:
        """`grace_s`: how old a claim has to be; far longer than a request, with its repeats, can take."""
        self._pool = pool
        self._claims = claims
        self._looks = looks
        self._grace_s = grace_s
        self._there: set[UUID] = set()
        """Those that were found on the log: there they stay, however long nobody decides them."""

    async def sweep(self) -> Swept:
        """One round over at most `AT_ONCE` jobs that were not found on the log before.

        Raises:
            StepFailure: `database_unavailable`, `log_unavailable`, `blob_unavailable`; nothing is lost by it.

        """
        async with database():
            rows = await self._pool.fetch(_SUSPECTS, self._grace_s, AT_ONCE + len(self._there))
        self._there &= {row["job_id"] for row in rows}
        gone = [row for row in rows if row["discarded"]]
        asked = [row for row in rows if not row["discarded"] and row["job_id"] not in self._there]
        if asked:
            # Looked at after the outbox: what was drained in between is found on the log. From the first claim on, not
            # from its renewal by a repeat: what the repeat found to be published was published before it.
            since = min(row["since"] for row in asked)
            there = await self._looks.first(COMMANDS_DOCUMENTS.name, [row["job_id"] for row in asked], since)
            self._there |= there.keys()
            gone += [row for row in asked if row["job_id"] not in there]
        for row in gone:
            await self._claims.release(row["tenant"], row["document_id"], [row["job_id"]], before=row["before"])
            LOG.info("claims_orphaned", tenant=row["tenant"], job_id=str(row["job_id"]))
        return Swept(len(gone), len(rows) - len(gone))
