"""Finds stored bytes that nobody claims, and removes them: what a process that was killed while it stored has left.

A blob and its claim appear together, but not in one store: a kill between them leaves the bytes, or a draft of them.
"""

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import structlog

from muniment.producers.blobs import Stored
from muniment.producers.claims import Claims
from muniment.producers.clock import utc_now
from muniment.producers.postgres import database

LOG = structlog.get_logger(__name__)
YOUNGEST_S = 86400.0
"""What is younger is left alone: nobody waits for it, and who finds claims missing has a day to bring them back."""
AT_ONCE = 5000
FEW, SHARE = 10, 50
"""So many of a round, or one in so many, may be strays: where there are more it is the claims that are missing."""
_UNCLAIMED = """
select tenant, ref from unnest($1::text[], $2::text[]) as stored (tenant, ref)
where not exists (select from muniment_claims.claims c where c.tenant = stored.tenant and c.sha256 = stored.ref)"""


class StrayBlobs:
    """The sweep. Each round goes on where the last one ended; two at once are harmless."""

    def __init__(self, pool: Any, claims: Claims, *, grace_s: float, now: Callable[[], datetime] = utc_now) -> None:
        """`grace_s`: how old bytes have to be, if that is more than a day."""
        self._pool = pool
        self._claims = claims
        self._grace = timedelta(seconds=max(grace_s, YOUNGEST_S))
        self._now = now
        self._after = ""

    async def sweep(self) -> int:
        """One round over at most `AT_ONCE` blobs, and all old drafts; how many blobs were removed.

        Raises:
            StepFailure: `database_unavailable`, `blob_unavailable`, `breaker_open`; nothing is lost by it.

        """
        before = self._now() - self._grace
        drafts = await self._claims.blobs.drop_drafts(before)
        if drafts:
            LOG.info("drafts_removed", drafts=drafts)
        seen, end = await self._next()
        old = [one for one in seen if one.at < before]
        async with database():
            rows = await self._pool.fetch(_UNCLAIMED, [one.tenant for one in old], [one.ref for one in old])
        if len(rows) > max(FEW, len(seen) // SHARE):
            # A database from an older backup, or two installations in one store: not for us to decide.
            LOG.error("blobs_without_claims", blobs=len(rows), looked_at=len(seen), removed=0)
            rows = []
        removed = 0
        for row in rows:
            if await self._claims.drop_unclaimed(row["tenant"], row["ref"]):
                removed += 1
                LOG.warning("blob_unclaimed", tenant=row["tenant"], ref=row["ref"])
        self._after = end
        return removed

    async def _next(self) -> tuple[list[Stored], str]:
        """The blobs of this round, and where the next one begins."""
        seen: list[Stored] = []
        async with aclosing(self._claims.blobs.stored(self._after)) as listed:
            async for one in listed:
                seen.append(one)
                if len(seen) == AT_ONCE:
                    return seen, one.name
        return seen, ""
