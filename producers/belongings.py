"""What belongs to a person: the one answer by which it is handed out to them, and erased for them.

Documents that were said to be about them, and drafts: those that go back to these documents, those that the person
asked for or made, and what others have made of those.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.draft_sources import DraftSources, Using
from muniment.producers.postgres import database
from muniment.producers.subjects import Subjects

_ASKERS = "select distinct requested_by from read.draft_ranges where tenant = $1 and requested_by <> ''"
# Also those that went with their episode or project: their past is kept. An edit holds the words of what it was made
# from. The document is for the record only, of a draft that goes back to none it is nobody's.
_THEIRS = """
with recursive known as (
    select draft_id, (array_agg(project_id))[1] as project_id, (array_agg(episode_id))[1] as episode_id,
        array_agg(based_on) as made_from, array_agg(requested_by) as askers, min(requested_at) as asked_at
    from read.draft_ranges where tenant = $1 group by draft_id
    having max(erased_at) is null or max(erased_at) >= $5
), theirs as (
    select draft_id from known where askers && $2::text[] or draft_id = any($3)
    union select k.draft_id from known k join theirs t on t.draft_id = any(k.made_from)
)
select draft_id, project_id, episode_id, coalesce((
    select s.document_id from muniment_scripts.sources s where s.tenant = $1 and s.draft_id = known.draft_id
    order by s.document_id limit 1
), '00000000-0000-0000-0000-000000000000') as document_id
from known join theirs using (draft_id)
where $4::timestamptz is null or exists (
    select from muniment_keys.data_keys k
    where k.tenant = $1 and k.document_id = known.draft_id and k.created_at <= $4
) order by asked_at, draft_id"""
# Of each episode the last version that goes: whether it is the script now, tells the newest one that there is.
_SCRIPTS = """
select distinct on (v.episode_id) v.project_id, v.episode_id, coalesce(e.title, '') as title, v.draft_id, v.number,
    v.number = (
        select max(o.number) from read.script_versions o where o.tenant = v.tenant and o.episode_id = v.episode_id
    ) as current
from read.script_versions v left join read.episodes e using (tenant, project_id, episode_id)
where v.tenant = $1 and v.draft_id = any($2) order by v.episode_id, v.number desc"""
# What an erasure would take. Before a document is acknowledged it has a key, and after its erasure none; one whose key
# was given up or is lost, or whose erasure was interrupted, still has its rows.
_THERE = """
select document_id from muniment_keys.data_keys
where tenant = $1 and document_id = any($2) and destroyed_at is null
union select document_id from read.documents
where tenant = $1 and document_id = any($2) and status <> 'deleted' order by document_id"""
_SIGNED_IN = "person:"


@dataclass(frozen=True, slots=True)
class Belonging:
    """What belongs to a person: documents, and drafts, each with all the documents that it goes back to."""

    documents: tuple[UUID, ...]
    drafts: Mapping[UUID, tuple[UUID, ...]]


@dataclass(frozen=True, slots=True)
class Script:
    """An episode of which a draft is the script, as its version `number`; `current` when none has followed."""

    project_id: UUID
    episode_id: UUID
    title: str
    draft_id: UUID
    number: int
    current: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What an erasure would take: documents, drafts, and the episodes whose scripts are among those."""

    documents: tuple[UUID, ...]
    drafts: tuple[UUID, ...]
    scripts: tuple[Script, ...]


class Belongings:
    """Looks it up. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any, subjects: Subjects) -> None:
        self._pool = pool
        self._subjects = subjects
        self._sources = DraftSources(pool)

    async def of(self, tenant: str, tag: str) -> Belonging:
        """All that belongs to the person behind a tag, and is not erased."""
        documents = await self._subjects.documents(tenant, tag)
        drafts = [one.draft_id for one in await self.drafts(tenant, documents, tag)]
        return Belonging(documents, {draft: await self._sources.documents(tenant, draft) for draft in drafts})

    async def reach(self, tenant: str, documents: Collection[UUID], tag: str | None) -> Reach:
        """What an erasure of these documents and, with a tag, of that person would take if it were asked for now.

        An id that no document has, or that of one that is erased already, is none of it.
        """
        theirs = await self._subjects.documents(tenant, tag) if tag is not None else ()
        every = sorted({*documents, *theirs})
        drafts = tuple(one.draft_id for one in await self.drafts(tenant, every, tag))
        async with database():
            there = await self._pool.fetch(_THERE, tenant, every)
            rows = await self._pool.fetch(_SCRIPTS, tenant, list(drafts))
        return Reach(tuple(row["document_id"] for row in there), drafts, tuple(Script(**dict(row)) for row in rows))

    async def drafts(
        self,
        tenant: str,
        documents: Collection[UUID],
        tag: str | None,
        *,
        before: datetime | None = None,
        erased_since: datetime | None = None,
    ) -> list[Using]:
        """The drafts that go back to these documents and, with a tag, the others of that person; each once.

        Args:
            tenant: Whose.
            documents: What the drafts go back to.
            tag: The person; `None` for an erasure that names none.
            before: Only what was taken of the documents, or asked for, up to then.
            erased_since: Also those that were erased since then: whoever does it again finds them.

        """
        found = {one.draft_id: one for one in await self._sources.using(tenant, documents, before)}
        if tag is not None:
            askers = await self._askers(tenant, tag)
            async with database():
                rows = await self._pool.fetch(_THEIRS, tenant, askers, list(found), before, erased_since)
            found = {row["draft_id"]: Using(**dict(row)) for row in rows} | found
        return list(found.values())

    async def _askers(self, tenant: str, tag: str) -> list[str]:
        """The names under which the log knows the person: a tag says nothing, so every name is tried."""
        async with database():
            actors = [row["requested_by"] for row in await self._pool.fetch(_ASKERS, tenant)]
        # Who signs in is found under what the identity provider calls them, too.
        return [
            actor
            for actor in actors
            if tag in {await self._subjects.tag(tenant, name) for name in {actor, actor.removeprefix(_SIGNED_IN)}}
        ]
