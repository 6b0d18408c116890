"""Which documents a draft's text goes back to, noted before a model or a person sees any of it.

Whoever erases a document finds here every draft that may hold its words. No waiting is needed for that: who writes a
draft notes its documents first and asks then whether one of them is being erased, or was since its text was taken; who
erases puts up the fence first (`erasing_fence`) and reads then. In whatever order the two meet, one of them sees the
other (Dekker's protocol for mutual exclusion). All times are the database's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database

_NOTE = """
insert into muniment_scripts.sources as s (tenant, draft_id, document_id, project_id, episode_id, taken_at)
select $1, $2, d, $4, $5, $6 from unnest($3::uuid[]) d
on conflict (tenant, draft_id, document_id) do update set taken_at = least(s.taken_at, excluded.taken_at)"""
_COPY = """
insert into muniment_scripts.sources as s (tenant, draft_id, document_id, project_id, episode_id, taken_at)
select tenant, $2, document_id, project_id, episode_id, taken_at
from muniment_scripts.sources where tenant = $1 and draft_id = $3
on conflict (tenant, draft_id, document_id) do update set taken_at = least(s.taken_at, excluded.taken_at)"""
# A tombstone may be newer than the end of the key: one that was given up, or destroyed again after a restoration. While
# the document lives under a key that was there when the text was taken, the text is of that life, whatever else ended.
_GONE = """
select exists (
    select from muniment_scripts.sources s where s.tenant = $1 and s.draft_id = $2
        and ($3::uuid[] is null or s.document_id = any($3)) and (
        exists (select from muniment_erasing.erasures e where e.tenant = $1 and e.state = 'confirmed'
            and e.stage in ('telling', 'ending', 'destroying') and s.document_id = any(e.documents))
        or exists (select from muniment_keys.data_keys k where k.tenant = $1 and k.document_id = s.document_id
            and k.destroyed_at > s.taken_at)
        and not exists (select from muniment_keys.data_keys l where l.tenant = $1 and l.document_id = s.document_id
            and l.destroyed_at is null and l.created_at <= s.taken_at)))"""
_KEYLESS = """
select not exists (select from muniment_keys.data_keys where tenant = $1 and document_id = $2 and destroyed_at is null)
"""
_DOCUMENTS = """
select document_id from muniment_scripts.sources where tenant = $1 and draft_id = $2 order by document_id"""
_FORGET = "delete from muniment_scripts.sources where tenant = $1 and draft_id = any($2)"
_USING = """
select distinct on (s.draft_id) s.draft_id, s.project_id, s.episode_id, s.document_id
from muniment_scripts.sources s where s.tenant = $1 and s.document_id = any($2)
    and ($3::timestamptz is null or s.taken_at <= $3)
order by s.draft_id, s.document_id"""


@dataclass(frozen=True, slots=True)
class Using:
    """A draft whose text goes back to a document."""

    draft_id: UUID
    project_id: UUID
    episode_id: UUID
    document_id: UUID


class DraftSources:
    """The table of drafts and documents. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """The database's time: to be asked for before passages are looked up, and given to `claim`."""
        async with database():
            found: datetime = await self._pool.fetchval("select now()")
        return found

    async def claim(  # noqa: PLR0917 - what a note says
        self,
        tenant: str,
        draft_id: UUID,
        project_id: UUID,
        episode_id: UUID,
        documents: Collection[UUID],
        taken_at: datetime,
    ) -> bool:
        """Note what a draft is about to be written from; false when that must not be: a document is being forgotten.

        To be called before the prompt is published. Each try of a draft may claim, and what was claimed stays, also
        after a false: an earlier try may have put the same document on the log. The passages have to be let go then:
        look up others, or refuse. A draft that is asked for while one of its documents is being forgotten may so go
        with it, though it was not written from that in the end.
        """
        wanted = sorted(set(documents))
        async with database():
            await self._pool.execute(_NOTE, tenant, draft_id, wanted, project_id, episode_id, taken_at)
            return not await self._pool.fetchval(_GONE, tenant, draft_id, wanted)

    async def inherit(self, tenant: str, draft_id: UUID, based_on: UUID) -> bool:
        """Note that a draft is made from another one; false when that one was erased, or is about to be.

        To be called before the command that carries the text is published.
        """
        async with database():
            await self._pool.execute(_COPY, tenant, draft_id, based_on)
            gone = await self._pool.fetchval(_GONE, tenant, draft_id, None)
            # Last: the rows of an erased draft go after its key, so whoever finds none to copy finds no key here.
            return not gone and not await self._pool.fetchval(_KEYLESS, tenant, based_on)

    async def documents(self, tenant: str, draft_id: UUID) -> tuple[UUID, ...]:
        """The documents that a draft goes back to, in the order of their ids."""
        async with database():
            return tuple(row["document_id"] for row in await self._pool.fetch(_DOCUMENTS, tenant, draft_id))

    async def using(self, tenant: str, documents: Collection[UUID], before: datetime | None = None) -> Sequence[Using]:
        """The drafts that go back to these documents, to what was taken of them up to a time; each once."""
        async with database():
            rows = await self._pool.fetch(_USING, tenant, sorted(set(documents)), before)
        return [Using(**dict(row)) for row in rows]

    async def forget(self, tenant: str, drafts: Collection[UUID]) -> None:
        """Remove the notes of drafts that were erased: nobody may forget one whose key is there."""
        async with database():
            await self._pool.execute(_FORGET, tenant, sorted(set(drafts)))
