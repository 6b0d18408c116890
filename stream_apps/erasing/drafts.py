"""Drafts that were written from what must be forgotten: a text made of a document may hold its words, so it goes, too.

Where a person is named, all drafts of theirs go: whatever an export hands out to them (`producers.belongings`). Others
are found by what was noted before anything of them was written (`producers.draft_sources`), through every edit that was
made of them. A draft's data key is destroyed, which takes request, prompt, answer, pieces and edits off the log at
once, in retries, dead letters and replays alike; `DraftErased` tells the read models, and this waits until they know.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from muniment.producers import kept_answers
from muniment.producers.belongings import Belongings
from muniment.producers.draft_sources import DraftSources, Using
from muniment.producers.key_ring import KeyRing
from muniment.producers.postgres import database
from muniment.producers.publisher import Publisher
from muniment.schemas.codec import encode
from muniment.schemas.erasures import KeysDestroyed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.ids import child_traceparent, result_id
from muniment.schemas.metadata import NORMAL, Metadata, whole_millis
from muniment.schemas.scripts import DraftErased
from muniment.stream_apps.erasing.house import forget_edits
from muniment.stream_apps.erasing.stores import CACHES_S, About, Erased, Forgotten
from muniment.stream_apps.erasing.unread import in_unread
from muniment.stream_apps.retrying.confirmed import send_confirmed

STEP = "erasing"
PATIENCE_S = 60.0
"""How long read models are waited for before the whole is begun anew."""
_LOOK_S = 0.2
_KEYS = """
select count(*) from muniment_keys.data_keys where tenant = $1 and document_id = any($2) and destroyed_at is null"""
# Versions of the read model that nobody folds any more, or nobody yet.
_TABLES = """
select n.nspname as schema, c.relname as "table" from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relname in ('drafts', 'past_drafts') and c.relkind = 'r' and n.nspname like 'scripts\\_%'
    and not exists (select from read.live l where l.schema = n.nspname)
    and exists (select from pg_class x where x.relnamespace = n.oid and x.relname = 'checkpoints')"""
_BLANK = """
update "{schema}"."{table}" set brief = null, text = null, reason = null where tenant = $1 and draft_id = any($2)"""
Behind = Callable[[Mapping[int, int]], Awaitable[Sequence[str]]]
"""Which read models of drafts have not folded these places (partition to offset) yet."""
Ends = Callable[[], Awaitable[Mapping[int, int]]]
"""Where each partition of `muniment.projects` ends now; `StepFailure(log_unavailable)`."""


class DraftStore:
    """See `Store`."""

    name = "drafts"

    def __init__(
        self,
        pool: Any,
        key_ring: KeyRing,
        publisher: Publisher,
        *,
        belongings: Belongings,
        behind: Behind,
        ends: Ends,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._sources = DraftSources(pool)
        self._key_ring = key_ring
        self._publisher = publisher
        self._belongings = belongings
        self._behind = behind
        self._ends = ends
        self._now = now

    async def count(self, what: About) -> int:
        """See `Store.count`: drafts that can still be read."""
        found = [one.draft_id for one in await self._belongings.drafts(what.tenant, what.documents, what.subject)]
        async with database():
            return int(await self._pool.fetchval(_KEYS, what.tenant, found))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. What was taken of a document in a new life of it stays."""
        if what.subject:
            # Who asked for what is told by the read model: it has to know of all that lies on the log by now.
            await self._wait({partition: end - 1 for partition, end in (await self._ends()).items()})
        found = await self._belongings.drafts(
            what.tenant,
            what.documents,
            what.subject,
            before=what.keyless_at or what.told_at,
            erased_since=what.told_at,
        )
        theirs = ", or asked for by the person" if what.subject else ""
        if not found:
            return Erased(note=f"no draft was written from them{theirs}")
        drafts = [one.draft_id for one in found]
        keys = sum([await self._key_ring.destroy(what.tenant, draft_id) for draft_id in drafts])
        # On the log of erasures, too: a key store that is restored from a backup is held against it.
        gone = KeysDestroyed(erasure_id=what.erasure_id, document_ids=tuple(drafts), keys=keys)
        await self._say(what, gone, uuid5(what.erasure_id, self.name))
        positions: dict[int, int] = {}
        for one in found:
            record = await self._say(what, _event(what, one), uuid5(what.erasure_id, str(one.draft_id)))
            place = record.partition or 0
            positions[place] = max(positions.get(place, -1), record.offset or 0)
        await self._wait(positions)
        old = await self._blank(what.tenant, drafts)
        await forget_edits(self._pool, what.tenant, drafts)
        # Nobody is answered with a word of them any more; what was answered before may be kept for a repeat.
        answers = await kept_answers.blank(self._pool, what.tenant, drafts)
        # Last: done again after a crash, all of it has to be found once more.
        await self._sources.forget(what.tenant, drafts)
        note = f"{len(drafts)} drafts were written or made from them{theirs}: their keys are gone, and their words"
        note += " everywhere"
        note += f", {answers} kept answers included" if answers else ""
        return Erased(note=f"{note}; {old} rows of read models that nobody reads" if old else note)

    async def _blank(self, tenant: str, drafts: Sequence[UUID]) -> int:
        """Take their words out of what nobody reads, once nobody remembers a key any more."""
        if not await self._unread():
            return 0
        await asyncio.sleep(CACHES_S)
        rows = 0
        for schema, tables in (await self._unread()).items():
            said = [_BLANK.format(schema=schema, table=table) for table in tables]
            rows += await in_unread(self._pool, schema, said, tenant, list(drafts))
        return rows

    async def _unread(self) -> dict[str, list[str]]:
        """The tables of drafts by version of the read model, as the catalogue names them."""
        found: dict[str, list[str]] = {}
        async with database():
            for row in await self._pool.fetch(_TABLES):
                found.setdefault(row["schema"], []).append(row["table"])
        return found

    async def _wait(self, positions: Mapping[int, int]) -> None:
        behind: Sequence[str] = ()
        for _ in range(int(PATIENCE_S / _LOOK_S)):
            behind = await self._behind(positions)
            if not behind:
                return
            await asyncio.sleep(_LOOK_S)
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, f"read models are behind: {', '.join(behind)}")

    async def _say(self, what: Forgotten, event: Event, cause: UUID) -> Any:
        event_id = result_id(cause, STEP, event.declaration.name, 0)
        meta = Metadata(
            event_id=event_id,
            tenant=what.tenant,
            correlation_id=what.erasure_id,
            causation_id=what.erasure_id,
            time=whole_millis(self._now()),
            source=f"muniment.{STEP}",
            traceparent=child_traceparent(what.traceparent, event_id) if what.traceparent else "",
            actor=what.actor,
            lane=NORMAL,
        )
        return await send_confirmed(self._publisher, encode(event, meta, None))


def _event(what: Forgotten, one: Using) -> DraftErased:
    return DraftErased(
        project_id=one.project_id,
        episode_id=one.episode_id,
        draft_id=one.draft_id,
        document_id=one.document_id,
        erasure_id=what.erasure_id,
    )
