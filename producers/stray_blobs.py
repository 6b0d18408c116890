"""Finds stored bytes that nobody claims, and removes them: what a process that was killed while it stored has left.

A blob and its claim appear together, but not in one store: a kill between them leaves the bytes, or a draft of them.
"""

from collections.abc import Callable, Sequence
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
SHARE = 10
"""One in so many of the old ones of a round may be without claims: where there are more it is the claims that are
missing. So where there are fewer than ten, none is removed."""
_UNCLAIMED = """
select tenant, ref from unnest($1::text[], $2::text[]) as stored (tenant, ref)
where not exists (select from muniment_claims.claims c where c.tenant = stored.tenant and c.sha256 = stored.ref)"""
# Claims are in no log; the versions are built from it, so they tell which claims a restored database has lost.
_KNOWN = "select to_regclass('read.versions') is not null"
_NAMED = """
with stored as (select tenant, ref from unnest($1::text[], $2::text[]) as given (tenant, ref))
select s.tenant, s.ref from stored s join read.versions v on v.tenant = s.tenant and v.blob = s.ref
union select s.tenant, s.ref from stored s join read.versions v on v.tenant = s.tenant and v.text_blob = s.ref"""


class StrayBlobs:
    """The sweep. Each round goes on where the last one ended; two at once are harmless."""

    def __init__(self, pool: Any, claims: Claims, *, grace_s: float, now: Callable[[], datetime] = utc_now) -> None:
        """`grace_s`: how old bytes have to be, if that is more than a day."""
        self._pool = pool
        self._claims = claims
        self._grace = timedelta(seconds=max(grace_s, YOUNGEST_S))
        self._now = now
        self._after = ""
        self._refused = False

    async def sweep(self) -> int:
        """One round over at most `AT_ONCE` blobs, and all old drafts; how many blobs were removed.

        Raises:
            StepFailure: `database_unavailable`, `blob_unavailable`, `breaker_open`; nothing is lost by it.

        """
        before = self._now() - self._grace
        drafts = await self._claims.blobs.drop_drafts(before)
        if drafts:
            LOG.info("drafts_removed", drafts=drafts)
        if not self._after:
            self._refused = False
        seen, end = await self._next()
        removed = 0
        for tenant, ref in await self._strays([one for one in seen if one.at < before]):
            if await self._claims.drop_unclaimed(tenant, ref):
                removed += 1
                LOG.warning("blob_unclaimed", tenant=tenant, ref=ref)
        self._after = end
        return removed

    async def _strays(self, old: Sequence[Stored]) -> list[tuple[str, str]]:
        """Those of a round that may go: none when it looks as if claims were missing, nor after such a round."""
        async with database():
            unclaimed = await self._asked(_UNCLAIMED, [(one.tenant, one.ref) for one in old])
            if not unclaimed:
                return []
            if why := await self._refusal(len(unclaimed), len(old)):
                self._refused = True
                LOG.error("blobs_without_claims", why=why, blobs=len(unclaimed), looked_at=len(old), removed=0)
                return []
            named = set(await self._asked(_NAMED, unclaimed))
        if named:
            LOG.warning("versions_without_claims", blobs=len(named), looked_at=len(old))
        return [one for one in unclaimed if one not in named]

    async def _refusal(self, unclaimed: int, old: int) -> str:
        """Why nothing of this round goes, nor of the others until all blobs were looked at."""
        if self._refused:
            return "an earlier round of this pass was refused"
        if unclaimed * SHARE > old:
            # A database from an older backup, or two installations in one store: not for us to decide.
            return "too many of those looked at"
        return "" if await self._pool.fetchval(_KNOWN) else "there is no read model of documents"

    async def _asked(self, question: str, blobs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        rows = await self._pool.fetch(question, [tenant for tenant, _ in blobs], [ref for _, ref in blobs])
        return [(row["tenant"], row["ref"]) for row in rows]

    async def _next(self) -> tuple[list[Stored], str]:
        """The blobs of this round, and where the next one begins."""
        seen: list[Stored] = []
        async with aclosing(self._claims.blobs.stored(self._after)) as listed:
            async for one in listed:
                seen.append(one)
                if len(seen) == AT_ONCE:
                    return seen, one.name
        return seen, ""
