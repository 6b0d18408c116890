"""What else has keys as documents have: projects and drafts, which no erasure by id, and no submission, may name.

A key does not say what it seals for. Deciders and read models do, of what was deleted, too: its past is kept, and
would stay as it is when the key went.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal
from uuid import UUID

import asyncpg

from muniment.producers.postgres import database

Kind = Literal["project", "draft"]
"""What an id is that is no document's."""

# Most are told by their version, and asked no further.
_NO_DOCUMENTS = """
select i.id from unnest($2::uuid[]) as i(id)
where not exists (
    select from muniment_deciding.state s
    where s.tenant = $1 and s.document_id = i.id and (s.state ->> 'latest')::bigint > 0
)"""
# A command for a project that never was leaves a state behind, too.
_PROJECTS = """
select project_id from muniment_projects.state
where tenant = $1 and project_id = any($2) and ((state ->> 'revision')::bigint > 0 or (state ->> 'deleted')::boolean)"""
_NOTED = "select distinct draft_id from muniment_scripts.sources where tenant = $1 and draft_id = any($2)"
_FOLDED = "select distinct draft_id from read.draft_ranges where tenant = $1 and draft_id = any($2)"
# Those that no read model knows of yet. It reads every project's state, so only what has a key is looked for.
_KEYED = """
select document_id from muniment_keys.data_keys
where tenant = $1 and document_id = any($2) and destroyed_at is null"""
_DECIDED = """
select i.id from unnest($2::uuid[]) as i(id) where exists (
    select from muniment_projects.state s where s.tenant = $1 and s.state -> 'drafts' ? i.id::text)"""
_NOT_THERE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


async def no_documents(pool: Any, tenant: str, ids: Collection[UUID]) -> Mapping[UUID, Kind]:
    """Those of the ids that belong to projects or drafts, deleted ones included, and to which of the two.

    An id under which documents were submitted all the same, by a program that did not ask, counts as a document's:
    who asks for its erasure has a right to it.

    Raises:
        StepFailure: `database_unavailable`.

    """
    found: dict[UUID, Kind] = {}
    async with database():
        left = await _ids(pool, _NO_DOCUMENTS, tenant, ids)
        found |= dict.fromkeys(await _ids(pool, _PROJECTS, tenant, left), "project")
        for sql in (_NOTED, _FOLDED):
            found |= dict.fromkeys(await _ids(pool, sql, tenant, left - found.keys()), "draft")
        keyed = await _ids(pool, _KEYED, tenant, left - found.keys())
        found |= dict.fromkeys(await _ids(pool, _DECIDED, tenant, keyed), "draft")
    return found


async def _ids(pool: Any, sql: str, tenant: str, ids: Collection[UUID]) -> set[UUID]:
    if not ids:
        return set()
    try:
        return {row[0] for row in await pool.fetch(sql, tenant, list(ids))}
    except _NOT_THERE:
        return set()  # no read model of drafts was ever made here
